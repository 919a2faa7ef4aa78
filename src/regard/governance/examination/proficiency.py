"""Sheets whose answer is known, hidden among the others, and how reviewers do on them."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from regard.caller import Person
from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.examination.finding import find_all
from regard.governance.examination.measured import ErrorLimit, MeasuredErrors, measure
from regard.governance.examination.opening import shuffled
from regard.governance.examination.records import Rating, Review
from regard.governance.examination.states import CandidateStatus, ReviewStatus
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.numbering import next_id
from regard.storage.schema import candidates, proficiency, reviews


@dataclass(frozen=True, slots=True)
class KnownPicture:
    """A face on a sheet whose answer is known: a JPEG, and whether it is the probe's person."""

    picture: bytes
    is_same: bool


@dataclass(frozen=True, slots=True)
class Proficiency:
    """How somebody did: pairs of the same person and how many of them were missed, pairs of two people and
    how many were mistaken for one. A rating above 0 takes two faces for the same person's. `lately` is what
    was measured since the last training.
    """

    person_id: str
    sheets: int
    same: int
    different: int
    missed: int
    mistaken: int
    lately: MeasuredErrors


class KnownAnswers:
    """The known answers of one database. `limit` is how many of them a reviewer may get wrong."""

    def __init__(self, database: Database, cipher: Cipher, limit: ErrorLimit) -> None:
        self._database = database
        self._cipher = cipher
        self.limit = limit

    def add(self, probe: bytes, shown: Sequence[KnownPicture], added_by: str, model: str) -> str:
        """Puts a sheet among the others, and answers its id. Pictures are JPEG, as crops are.

        Raises InvalidParameterException where it shows nobody.
        """
        if not shown:
            raise InvalidParameterException("A sheet shows at least one face beside the probe.")
        now = milliseconds()
        with self._database.write() as connection:
            review_id = next_id(connection, "R", now)
            row = connection.execute(
                insert(reviews)
                .values(
                    review_id=review_id,
                    operation="known answer",
                    purpose="general",
                    scope="known",
                    probe="",
                    probe_picture=self._cipher.encrypt(probe, review_id),
                    model=model,
                    threshold=0,
                    searcher=added_by,
                    request_id="",
                    reviewers=1,
                    salt=secrets.token_hex(32),
                    status=ReviewStatus.PENDING,
                    opened=now,
                )
                .returning(reviews.c.row)
            ).scalar_one()
            rows = [
                {
                    "review": row,
                    "number": number,
                    "rank": number,
                    "similarity": 0.0,
                    "subject": f"known/{review_id}/{number}",
                    "picture": self._cipher.encrypt(one.picture, review_id),
                    "entry": "{}",
                    "status": CandidateStatus.PENDING_REVIEW,
                    "is_same": one.is_same,
                }
                for number, one in zip(shuffled(len(shown)), shown, strict=True)
            ]
            connection.execute(insert(candidates), rows)
        return review_id

    def all(self) -> list[Proficiency]:
        """How everybody did who has rated such a sheet, by person."""
        columns = ("same", "different", "missed", "mistaken")
        query = (
            select(
                proficiency.c.person_id,
                func.count().label("sheets"),
                *(func.sum(proficiency.c[name]).label(name) for name in columns),
            )
            .group_by(proficiency.c.person_id)
            .order_by(proficiency.c.person_id)
        )
        with self._database.read() as connection:
            return [
                Proficiency(
                    row["person_id"],
                    int(row["sheets"]),
                    **{name: int(row[name]) for name in columns},
                    lately=measure(connection, row["person_id"], self.limit),
                )
                for row in connection.execute(query).mappings().all()
            ]

    def check(self, person: Person) -> None:
        """Raises AccessDeniedException for somebody who errs too often to rate."""
        with self._database.read() as connection:
            found = measure(connection, person.person_id, self.limit)
        if found.is_barred:
            raise AccessDeniedException(
                f"{person.name} rated {found.wrong} of {found.pairs} pairs wrongly whose answer is known, "
                f"more than {self.limit.percent} %; have a new training recorded (`regard people train`)."
            )


def keep_result(connection: Connection, review: Review, person_id: str, given: Sequence[Rating]) -> None:
    """Counts somebody's ratings of a sheet whose answer is known."""
    truth = {one.number: bool(one.is_same) for one in review.candidates}
    same = [rating.value for rating in given if truth[rating.number]]
    different = [rating.value for rating in given if not truth[rating.number]]
    connection.execute(
        insert(proficiency).values(
            person_id=person_id,
            review=review.row,
            same=len(same),
            different=len(different),
            missed=sum(value <= 0 for value in same),
            mistaken=sum(value > 0 for value in different),
            given=milliseconds(),
        )
    )


def evened_out(connection: Connection, person_id: str, known: Sequence[Review]) -> list[Review]:
    """Sheets whose answer is known, those first that even out how many pairs of either kind somebody saw."""
    query = select(
        func.coalesce(func.sum(proficiency.c.same), 0), func.coalesce(func.sum(proficiency.c.different), 0)
    ).where(proficiency.c.person_id == person_id)
    same, different = connection.execute(query).one()

    def imbalance(review: Review) -> int:
        shown = sum(1 if one.is_same else -1 for one in review.candidates)
        return abs(int(same) - int(different) + shown)

    return sorted(known, key=imbalance)


def known_answers(connection: Connection) -> list[Review]:
    """Every sheet whose answer is known."""
    return find_all(connection, reviews.c.case_id.is_(None))
