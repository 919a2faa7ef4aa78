"""What the reviews of live alerts have come to, for whoever works on their case."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.governance.examination.records import Review, ReviewCandidate
from regard.governance.purpose import floor_of
from regard.operations.reviewing.reviewed import entries
from regard.operations.reviewing.sightings import REVIEW
from regard.streams.events import StreamEvent


class ReviewedEvents:
    """The reviews of some events, as they stand now; of events that have none nothing is read."""

    def __init__(self, ctx: Context, events: Sequence[StreamEvent]) -> None:
        self._ctx = ctx
        named = {str(event.body[REVIEW]) for event in events if REVIEW in event.body}
        reviews = ctx.stores.accountability.examination.reviews
        self._reviews = reviews.named(named) if named else {}
        mine = [one for one in self._reviews.values() if self._is_of_case(one)]
        self._gone = reviews.erased(*mine) if mine else set()
        self.told = [one.review_id for one in mine]
        """The ids of those whose leads the reader may know."""

    def review(self, event: StreamEvent) -> Review | None:
        """The review of an event; None where there is none, or none any more."""
        return self._reviews.get(str(event.body.get(REVIEW)))

    def leads(self, event: StreamEvent) -> list[Mapping[str, Any]]:
        """The matches of an event that were judged leads, the most alike first; none for who works on another
        case.
        """
        review = self.review(event)
        if review is None or not self._is_of_case(review):
            return []
        floor = floor_of(self._ctx.purpose) or 0.0

        def is_there(one: ReviewCandidate) -> bool:
            return (review.row, one.number) not in self._gone and one.similarity >= floor

        waiting: dict[str, Any] = {}
        return [one for one in entries(review, is_there, lambda _: waiting) if one]

    def _is_of_case(self, review: Review) -> bool:
        case = self._ctx.open_case
        return case is not None and review.case_id == case.case_id
