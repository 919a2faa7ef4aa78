"""What follows a lead: evidence, confirmation by another person, disputes, and what they come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update

from regard.errors import ConflictException, InvalidParameterException, ResourceNotFoundException
from regard.governance.examination.false_matches import Aftermath, register
from regard.governance.examination.records import Review, ReviewCandidate
from regard.governance.examination.states import CandidateStatus
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.numbering import next_id
from regard.storage.schema import candidates, conclusions
from regard.storage.schema import evidence as table

LINEUP: Final = "LINEUP"
KINDS: Final = ("WITNESS", "STATEMENT", "DOCUMENT", "RECORDING", "LOCATION", "FORENSIC", LINEUP, "OTHER")
"""What evidence is. A line-up is no evidence where it follows from the search alone: whoever resembles the
probe is easily picked. It counts beside another independent item.
"""
_AT_ONCE: Final = 1000  # reviews that one query asks about
_LEADS: Final = (CandidateStatus.LEAD, CandidateStatus.CONFIRMED, CandidateStatus.DISPUTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvidence:
    """An item of evidence. `document` is the SHA-256, hex, of what it is written on, or None.

    `independent` says that it doesn't come from the search.
    """

    kind: str
    description: str
    independent: bool
    reference: str | None = None
    document: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An item of evidence as it was added; `added` in milliseconds since the epoch."""

    evidence_id: str
    case_id: str
    review: int
    number: int
    kind: str
    description: str
    reference: str | None
    document: str | None
    independent: bool
    added: int
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What somebody concluded of a candidate, and why; `concluded` in milliseconds since the epoch."""

    status: str
    reason: str
    evidence: tuple[str, ...]
    concluded: int
    concluded_by: str


class Conclusions:
    """The evidence and the conclusions of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_evidence(self, review: Review, one: ReviewCandidate, new: NewEvidence, added_by: str) -> Evidence:
        """Adds an item about a lead.

        Raises ConflictException for somebody who is none, and for an independent line-up before there is
        another independent item.
        """
        if one.status not in _LEADS or review.case_id is None:
            raise ConflictException(f"Candidate {one.number} of {review.review_id} is {one.status}, no lead.")
        now = milliseconds()
        with self._database.write() as connection:
            earlier = _evidence(connection, review, one.number)
            if new.kind == LINEUP and new.independent and not any(map(_supports, earlier)):
                raise ConflictException(
                    "A line-up counts beside another independent item; a lead alone is no ground for one."
                )
            made = Evidence(
                evidence_id=next_id(connection, "E", now),
                case_id=review.case_id,
                review=review.row,
                number=one.number,
                kind=new.kind,
                description=new.description,
                reference=new.reference,
                document=new.document,
                independent=new.independent,
                added=now,
                added_by=added_by,
            )
            values = {column.name: getattr(made, column.name) for column in table.columns}
            connection.execute(insert(table).values(values))
        return made

    def evidence(self, review: Review, number: int) -> list[Evidence]:
        """The evidence about a candidate, in the order it was added."""
        with self._database.read() as connection:
            return _evidence(connection, review, number)

    def evidence_in(self, rows: Sequence[int]) -> list[Evidence]:
        """The evidence in some reviews, by their rows: by reviews, candidates, and as it was added."""
        found: list[Evidence] = []
        with self._database.read() as connection:
            for start in range(0, len(rows), _AT_ONCE):
                query = (
                    select(table)
                    .where(table.c.review.in_(rows[start : start + _AT_ONCE]))
                    .order_by(table.c.review, table.c.number, table.c.added, table.c.evidence_id)
                )
                found += [Evidence(**row) for row in connection.execute(query).mappings()]
        return found

    def confirm(
        self, review: Review, one: ReviewCandidate, evidence_ids: Sequence[str], reason: str, by: str
    ) -> None:
        """Makes a lead CONFIRMED.

        Raises ConflictException for what is no lead, ResourceNotFoundException for evidence that isn't about
        it, and InvalidParameterException where none of it is independent of the search.
        """
        if one.status is not CandidateStatus.LEAD:
            raise ConflictException(f"Candidate {one.number} of {review.review_id} is {one.status}, no LEAD.")
        with self._database.write() as connection:
            known = {item.evidence_id: item for item in _evidence(connection, review, one.number)}
            missing = [name for name in evidence_ids if name not in known]
            if missing:
                raise ResourceNotFoundException(
                    f"There is no evidence {missing[0][:80]} about candidate {one.number}."
                )
            if not any(_supports(known[name]) for name in evidence_ids):
                raise InvalidParameterException(
                    "A lead is confirmed by at least one item of evidence that is independent of the search "
                    "and no line-up."
                )
            _move(connection, review, one, CandidateStatus.CONFIRMED)
            _conclude(connection, review, one, CandidateStatus.CONFIRMED, reason, by, evidence_ids)

    def dispute(self, review: Review, one: ReviewCandidate, reason: str, by: str) -> None:
        """Makes a lead, confirmed or not, DISPUTED. Raises ConflictException for what is none."""
        if one.status not in (CandidateStatus.LEAD, CandidateStatus.CONFIRMED):
            raise ConflictException(f"Candidate {one.number} of {review.review_id} is {one.status}, no lead.")
        with self._database.write() as connection:
            _move(connection, review, one, CandidateStatus.DISPUTED)
            _conclude(connection, review, one, CandidateStatus.DISPUTED, reason, by)

    def resolve(
        self,
        review: Review,
        one: ReviewCandidate,
        outcome: CandidateStatus,
        reason: str,
        by: str,
        *,
        aftermath: Aftermath | None = None,
    ) -> None:
        """Ends a dispute: the lead is UPHELD, or, with an aftermath, WRONG and in the register of false
        matches.

        Raises ConflictException for what is not disputed.
        """
        if one.status is not CandidateStatus.DISPUTED:
            raise ConflictException(
                f"Candidate {one.number} of {review.review_id} is {one.status}, not DISPUTED."
            )
        with self._database.write() as connection:
            _move(connection, review, one, outcome)
            _conclude(connection, review, one, outcome, reason, by)
            if aftermath is not None:
                register(connection, review, one, cause=reason, aftermath=aftermath)

    def of(self, review: Review, number: int) -> list[Conclusion]:
        """What was concluded of a candidate, in its order."""
        query = (
            select(conclusions)
            .where(conclusions.c.review == review.row, conclusions.c.number == number)
            .order_by(conclusions.c.row)
        )
        with self._database.read() as connection:
            return [
                Conclusion(
                    status=row.status,
                    reason=row.reason,
                    evidence=tuple(json.loads(row.evidence)),
                    concluded=row.concluded,
                    concluded_by=row.concluded_by,
                )
                for row in connection.execute(query)
            ]

    def concluded_by(self, review: Review, number: int) -> set[str]:
        """Who has concluded anything of a candidate."""
        query = select(conclusions.c.concluded_by).where(
            conclusions.c.review == review.row, conclusions.c.number == number
        )
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())


def _supports(item: Evidence) -> bool:
    return item.independent and item.kind != LINEUP


def _evidence(connection: Connection, review: Review, number: int) -> list[Evidence]:
    query = (
        select(table)
        .where(table.c.review == review.row, table.c.number == number)
        .order_by(table.c.added, table.c.evidence_id)
    )
    return [Evidence(**row) for row in connection.execute(query).mappings()]


def _move(connection: Connection, review: Review, one: ReviewCandidate, to: CandidateStatus) -> None:
    """Raises ConflictException where somebody else was faster."""
    done = connection.execute(
        update(candidates)
        .where(
            candidates.c.review == review.row,
            candidates.c.number == one.number,
            candidates.c.status == one.status,
        )
        .values(status=to)
    ).rowcount
    if not done:
        raise ConflictException(f"Candidate {one.number} of {review.review_id} isn't {one.status} any more.")


def _conclude(
    connection: Connection,
    review: Review,
    one: ReviewCandidate,
    status: CandidateStatus,
    reason: str,
    by: str,
    evidence_ids: Sequence[str] = (),
) -> None:
    values: dict[str, Any] = {
        "review": review.row,
        "number": one.number,
        "status": status,
        "reason": reason,
        "evidence": json.dumps(list(evidence_ids)),
        "concluded": milliseconds(),
        "concluded_by": by,
    }
    connection.execute(insert(conclusions).values(values))
