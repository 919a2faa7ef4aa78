"""Blind sheets: who is to rate next, and what they are shown of it.

A sheet has the probe and the candidates' faces, numbered, and nothing else. Their order is another for each
reviewer. Sheets whose answer is known are among the others, and nothing tells them apart.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from sqlalchemy import Connection, or_, select, update

from regard.errors import ConflictException, ResourceNotFoundException
from regard.governance.examination.duty import is_soon
from regard.governance.examination.finding import find_all
from regard.governance.examination.proficiency import evened_out
from regard.governance.examination.records import Review, ReviewCandidate
from regard.governance.examination.states import OPEN
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import candidates, cases, face_crops, ratings, reviews

LEASE_MINUTES: Final = 30
_LEASE: Final = LEASE_MINUTES * 60_000
_KNOWN_ONE_IN: Final = 4
_LAST: Final = 2**63


class Sheets:
    """The sheets of one database."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def take(self, person_id: str) -> Review | None:
        """Leases the next sheet that somebody may rate, None where there is none.

        Nobody gets a review of their own search, of a case that they work on, or that they have rated.
        """
        with self._database.write() as connection:
            for review in self._waiting(connection, person_id):
                if _lease(connection, review, person_id):
                    return review
        return None

    def held(self, review_id: str, person_id: str) -> Review:
        """The review whose sheet somebody has. Raises ResourceNotFoundException."""
        with self._database.read() as connection:
            found = find_all(
                connection,
                (reviews.c.review_id == review_id)
                & (reviews.c.assignee == person_id)
                & (reviews.c.lease_until > milliseconds())
                & reviews.c.status.in_(OPEN),
            )
        if not found:
            raise ResourceNotFoundException(
                f"You have no sheet of {review_id[:80]}; take the next one, which is yours for "
                f"{LEASE_MINUTES} minutes."
            )
        return found[0]

    def picture(self, review: Review, person_id: str, number: int) -> bytes:
        """A picture of somebody's sheet as it was kept: the probe, 0, or a candidate, by the sheet's number.

        Raises ResourceNotFoundException for a number that the sheet hasn't, and for a face that was erased.
        """
        order = sheet_order(review, person_id)
        if not 0 <= number <= len(order):
            raise ResourceNotFoundException(f"The sheet has pictures from 0 to {len(order)}.")
        with self._database.read() as connection:
            found = (
                _probe(connection, review) if number == 0 else _face(connection, review, order[number - 1])
            )
        if found is None:
            raise ResourceNotFoundException("That face was erased meanwhile; rate it 0.")
        return self._cipher.decrypt(*found)

    def pictures(self, review: Review) -> dict[int, bytes]:
        """All that is kept of a review's pictures: the probe, 0, and its candidates by their numbers."""
        with self._database.read() as connection:
            found = {0: _probe(connection, review)}
            found |= {one.number: _face(connection, review, one) for one in review.candidates}
        return {number: self._cipher.decrypt(*kept) for number, kept in found.items() if kept is not None}

    def _waiting(self, connection: Connection, person_id: str) -> list[Review]:
        """The sheets that somebody may have, in the order in which they are to be tried."""
        now = milliseconds()
        rated = select(ratings.c.review).where(ratings.c.person_id == person_id)
        found = find_all(
            connection,
            reviews.c.status.in_(OPEN)
            & reviews.c.row.not_in(rated)
            & or_(
                reviews.c.assignee.is_(None),
                reviews.c.lease_until <= now,
                reviews.c.assignee == person_id,
            ),
        )
        mine = [one for one in found if one.assignee == person_id and one.lease_until > now]
        own = _cases_of(connection, person_id, {one.case_id for one in found if one.case_id is not None})
        of_cases = [
            one
            for one in found
            if one.case_id is not None and one.searcher != person_id and one.case_id not in own
        ]
        first = _first(connection)
        of_cases.sort(key=lambda one: first.get(one.row, _LAST))
        urgent = [one for one in of_cases if one.row in first]
        of_cases = of_cases[len(urgent) :]
        known = evened_out(connection, person_id, [one for one in found if one.case_id is None])
        if secrets.randbelow(_KNOWN_ONE_IN) == 0:
            return [*mine, *urgent, *known, *of_cases]
        return [*mine, *urgent, *of_cases, *known]


def _first(connection: Connection) -> dict[int, int]:
    """The rows of reviews that go before all others, with what sorts them: what expires within the hour, by
    when, and then those of urgent cases, by how long they wait.
    """
    query = (
        select(reviews.c.row, reviews.c.due, cases.c.urgent)
        .join(cases, cases.c.case_id == reviews.c.case_id)
        .where(reviews.c.status.in_(OPEN), or_(reviews.c.due.is_not(None), cases.c.urgent.is_not(None)))
    )
    found = connection.execute(query).all()
    soon = {row.row: row.due for row in found if is_soon(row.due)}
    return soon | {row.row: _LAST - 1 for row in found if row.urgent is not None and row.row not in soon}


def sheet_order(review: Review, person_id: str) -> Sequence[ReviewCandidate]:
    """The candidates in the order of somebody's sheet, where the first has the number 1."""

    def place(one: ReviewCandidate) -> bytes:
        text = f"{review.salt}/{review.round}/{person_id}/{one.number}"
        return hashlib.sha256(text.encode()).digest()

    return sorted(review.ratable, key=place)


def _lease(connection: Connection, review: Review, person_id: str) -> bool:
    now = milliseconds()
    free = or_(reviews.c.assignee.is_(None), reviews.c.lease_until <= now, reviews.c.assignee == person_id)
    done = connection.execute(
        update(reviews)
        .where(reviews.c.row == review.row, reviews.c.status == review.status, free)
        .values(assignee=person_id, lease_until=now + _LEASE)
    )
    return bool(done.rowcount)


def end_lease(connection: Connection, review: Review, person_id: str) -> None:
    """Gives a sheet back. Raises ConflictException where it isn't that person's any more."""
    done = connection.execute(
        update(reviews)
        .where(
            reviews.c.row == review.row,
            reviews.c.status == review.status,
            reviews.c.round == review.round,
            reviews.c.assignee == person_id,
            reviews.c.lease_until > milliseconds(),
        )
        .values(assignee=None, lease_until=0)
    ).rowcount
    if not done:
        raise ConflictException(
            f"The sheet of {review.review_id} isn't yours any more, or was rated; take the next one."
        )


def _cases_of(connection: Connection, person_id: str, case_ids: AbstractSet[str]) -> set[str]:
    """Those of some cases that somebody works on."""
    query = select(cases.c.case_id, cases.c.members).where(cases.c.case_id.in_(case_ids))
    return {row.case_id for row in connection.execute(query) if person_id in json.loads(row.members)}


def _probe(connection: Connection, review: Review) -> tuple[bytes, str] | None:
    query = select(reviews.c.probe_picture).where(reviews.c.row == review.row)
    picture = connection.execute(query).scalar_one()
    return None if picture is None else (picture, review.review_id)


def _face(connection: Connection, review: Review, one: ReviewCandidate) -> tuple[bytes, str] | None:
    if one.face is None:
        query = select(candidates.c.picture).where(
            candidates.c.review == review.row, candidates.c.number == one.number
        )
        picture = connection.execute(query).scalar_one()
        return None if picture is None else (picture, review.review_id)
    kept = connection.execute(select(face_crops.c.picture).where(face_crops.c.face == one.face)).scalar()
    return None if kept is None else (kept, crop_name(one.face))


def crop_name(face: int) -> str:
    """What the picture of a face is encrypted for, by the face's row."""
    return f"face/{face}"
