"""Ratings: what reviewers say of the candidates of a sheet, once each, and what it comes to."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.errors import ConflictException
from regard.governance.examination.finding import find_all
from regard.governance.examination.notices import tell
from regard.governance.examination.proficiency import keep_result
from regard.governance.examination.records import Rating, Review, read_rating
from regard.governance.examination.sheets import end_lease
from regard.governance.examination.states import CandidateStatus, ReviewStatus, after_ratings, settled
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import candidates, ratings, reviews

FEATURES: Final = (
    "FACE_SHAPE",
    "HAIRLINE",
    "FOREHEAD",
    "BROWS",
    "EYES",
    "NOSE",
    "CHEEKS",
    "MOUTH",
    "CHIN",
    "EARS",
    "FACIAL_HAIR",
    "LINES",
    "SCARS_AND_MARKS",
)
"""What faces are compared by: the components of FISWG's feature list that a crop can show.

Source: https://www.fiswg.org, Facial Image Comparison Feature List for Morphological Analysis.
"""

Conclude = Callable[[Connection, Review], object]
"""Writes, with the ratings, what else is to be written with them: the audit record."""


def _nothing(_connection: Connection, _after: Review) -> None:
    """Where nothing else is."""


class Ratings:
    """The ratings of one database; the database itself refuses to change one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def commit(
        self, review: Review, person_id: str, given: Sequence[Rating], conclude: Conclude = _nothing
    ) -> Review:
        """Takes a sheet's ratings, by the candidates' own numbers, and answers the review after them.

        `conclude` is told that in the transaction, which has the turn AUDIT. Raises ConflictException where
        the sheet isn't that person's any more, or they have rated it.
        """
        try:
            with self._database.write(turn=Turn.AUDIT) as connection:
                end_lease(connection, review, person_id)
                _insert(connection, review, person_id, given)
                if review.case_id is None:
                    keep_result(connection, review, person_id, given)
                else:
                    _settle(connection, review)
                [after] = find_all(connection, reviews.c.row == review.row)
                conclude(connection, after)
        except IntegrityError as error:
            raise ConflictException(f"You have rated {review.review_id} before.") from error
        return after

    def of(self, review: Review) -> list[Rating]:
        """All ratings of a review, in the order they were given."""
        return self.of_several([review])[review.row]

    def of_several(self, those: Sequence[Review]) -> dict[int, list[Rating]]:
        """The same of several reviews, by their rows."""
        found: dict[int, list[Rating]] = {review.row: [] for review in those}
        query = select(ratings).where(ratings.c.review.in_(found)).order_by(ratings.c.row)
        with self._database.read() as connection:
            for row in connection.execute(query).mappings():
                found[row["review"]].append(read_rating(row))
        return found

    def rated_by(self, person_id: str) -> set[int]:
        """The rows of the reviews that somebody has rated, in whichever round."""
        query = select(ratings.c.review).where(ratings.c.person_id == person_id)
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def raters(self, review: Review) -> set[str]:
        """Who has rated a review, in whichever round."""
        return {rating.person_id for rating in self.of(review)}


def _insert(connection: Connection, review: Review, person_id: str, given: Sequence[Rating]) -> None:
    now = milliseconds()
    connection.execute(
        insert(ratings),
        [
            {
                "review": review.row,
                "number": one.number,
                "round": review.round,
                "person_id": person_id,
                "value": one.value,
                "features": json.dumps(one.features),
                "note": one.note,
                "given": now,
            }
            for one in given
        ],
    )


def _settle(connection: Connection, review: Review) -> None:
    """Writes what the ratings of this round come to."""
    values: dict[int, list[int]] = {}
    for rating in _given(connection, review):
        if rating.round == review.round:
            values.setdefault(rating.number, []).append(rating.value)
    is_waiting = False
    for one in review.candidates:
        if one.status is not CandidateStatus.PENDING_REVIEW:
            continue
        status = settled(values.get(one.number, []), review.reviewers)
        if status is None:
            is_waiting = True
            continue
        connection.execute(
            update(candidates)
            .where(candidates.c.review == review.row, candidates.c.number == one.number)
            .values(status=status)
        )
    count = max((len(some) for some in values.values()), default=0)
    status_now = after_ratings(count) if is_waiting else ReviewStatus.DECIDED
    connection.execute(
        update(reviews)
        .where(reviews.c.row == review.row)
        .values(status=status_now, decided=None if is_waiting else milliseconds())
    )
    if not is_waiting:
        tell(connection, review.row, status_now)


def _given(connection: Connection, review: Review) -> list[Rating]:
    query = select(ratings).where(ratings.c.review == review.row).order_by(ratings.c.row)
    return [read_rating(row) for row in connection.execute(query).mappings()]
