"""What the reviews of people who are in the picture have come to, asked again once a second."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping

from regard.governance.examination.reviews import Reviews
from regard.governance.examination.states import CandidateStatus

_ASKED = 1.0  # seconds between two questions


class Judgements:
    """The judgements about those who are followed, each by their number. Not for several threads at a time.

    A judgement is about one person of the picture and one enrolled face: whoever resembles the same face, or
    comes back, is judged anew.
    """

    def __init__(self, reviews: Reviews) -> None:
        self._reviews = reviews
        self._opened: dict[int, str] = {}  # review ids by person
        self._known: dict[int, Mapping[str, CandidateStatus]] = {}
        self._asked = 0.0

    def follow(self, person: int, review_id: str) -> None:
        """Has the review of a person be asked about from now on."""
        self._opened[person] = review_id

    def of(self, person: int) -> Mapping[str, CandidateStatus]:
        """What is held of each enrolled face that a person may be, by FaceId; empty where nobody is asked."""
        now = time.monotonic()
        if self._opened and now - self._asked >= _ASKED:
            self._asked = now
            self._ask()
        return self._known.get(person, {})

    def forget_all_but(self, persons: Collection[int]) -> None:
        """Forgets everybody else."""
        if not self._opened.keys() <= set(persons):
            self._opened = {one: review for one, review in self._opened.items() if one in persons}
            self._known = {one: known for one, known in self._known.items() if one in persons}

    def _ask(self) -> None:
        found = self._reviews.named(set(self._opened.values()))
        self._known = {
            person: {one.name: one.status for one in found[review_id].candidates}
            for person, review_id in self._opened.items()
            if review_id in found
        }
