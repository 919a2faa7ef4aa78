"""Reviews in the database: opened with the audit record of their search, found, withdrawn, opened again."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from regard.errors import ConflictException, ResourceNotFoundException
from regard.governance.audit import AuditLog
from regard.governance.examination.duty import call_reviewers
from regard.governance.examination.finding import find_all, find_one
from regard.governance.examination.notices import tell
from regard.governance.examination.opening import open_review
from regard.governance.examination.records import NewReview, Review
from regard.governance.examination.states import OPEN, WAITING, CandidateStatus, ReviewStatus
from regard.governance.profiles import Rules
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import candidates, faces, reviews

_HOUR: Final = 3_600_000
_NOTHING: Final = "{}"
_ENDED: Final = (ReviewStatus.WITHDRAWN, ReviewStatus.EXPIRED)


@dataclass(slots=True)
class Opening:
    """A search that is being answered.

    `review` is the one that it opened, or the earlier one of the same search, and None where nobody is to be
    reviewed. `connection` is in the transaction that opens it; `record` is to be told the number of the
    search's audit record, which is written there.
    """

    connection: Connection
    review: Review | None
    record: int | None = None


class Reviews:
    """The reviews of one database."""

    def __init__(self, database: Database, audit: AuditLog, cipher: Cipher, rules: Rules) -> None:
        self._database = database
        self._audit = audit
        self._cipher = cipher
        self._rules = rules

    @contextmanager
    def opening(self, new: NewReview) -> Iterator[Opening]:
        """Opens the review of a search, or finds the one that the same search has opened before.

        Which is the same, `open_review` says. Whoever opens it writes the audit record within the
        transaction: there is no review without its record, nor the reverse.
        """
        self.expire()
        with self._database.write(turn=Turn.AUDIT) as connection:
            review = open_review(connection, new, self._cipher, self._rules)
            opening = Opening(connection, review)
            yield opening
            if review is not None and review.record is None:
                connection.execute(
                    update(reviews).where(reviews.c.row == review.row).values(record=opening.record)
                )
            if review is not None:
                call_reviewers(connection, self._audit, review)

    def get(self, review_id: str) -> Review:
        """A review by its id. Raises ResourceNotFoundException."""
        self.expire()
        with self._database.read() as connection:
            found = find_one(connection, reviews.c.review_id == review_id)
        if found is None:
            raise review_not_found(review_id)
        return found

    def of_cases(self, case_id: str | None = None) -> list[Review]:
        """The reviews of a case, or of all of them, in the order they were opened."""
        self.expire()
        which = reviews.c.case_id.is_not(None) if case_id is None else reviews.c.case_id == case_id
        with self._database.read() as connection:
            return find_all(connection, which)

    def withdraw(self, review: Review) -> Review:
        """Ends a review that isn't decided yet; its probe is erased. The same search, made again, takes it up
        where it stood. Raises ConflictException.
        """
        with self._database.write() as connection:
            done = connection.execute(
                update(reviews)
                .where(
                    reviews.c.row == review.row,
                    reviews.c.status.in_((*OPEN, ReviewStatus.NO_PICTURE)),
                )
                .values(status=ReviewStatus.WITHDRAWN, probe_picture=None, assignee=None)
            ).rowcount
        if not done:
            raise ConflictException(
                f"The review {review.review_id} is {review.status}; it can't be withdrawn."
            )
        return self.get(review.review_id)

    def reopen(self, review: Review) -> Review:
        """Has those candidates rated anew that were leads or inconclusive, by others than before.

        The time in which they are to be judged begins anew, and whoever is on duty is called again where it
        can't wait. Who was rejected stays so. Raises ConflictException where something was concluded since.
        """
        anew = (CandidateStatus.LEAD, CandidateStatus.INCONCLUSIVE)
        if review.status is not ReviewStatus.DECIDED:
            raise ConflictException(f"The review {review.review_id} is {review.status}, not DECIDED.")
        if not any(one.status in anew for one in review.candidates):
            raise ConflictException(
                f"Nobody in {review.review_id} is a LEAD or INCONCLUSIVE; there is nothing to rate anew."
            )
        with self._database.write(turn=Turn.AUDIT) as connection:
            done = connection.execute(
                update(reviews)
                .where(
                    reviews.c.row == review.row,
                    reviews.c.status == ReviewStatus.DECIDED,
                    reviews.c.round == review.round,
                )
                .values(
                    status=ReviewStatus.PENDING,
                    round=review.round + 1,
                    decided=None,
                    called=None,
                    due=milliseconds() + self._pending(),
                )
            ).rowcount
            if not done:
                raise ConflictException(f"The review {review.review_id} was opened again by somebody else.")
            connection.execute(
                update(candidates)
                .where(candidates.c.review == review.row, candidates.c.status.in_(anew))
                .values(status=CandidateStatus.PENDING_REVIEW)
            )
            for opened in find_all(connection, reviews.c.row == review.row):
                call_reviewers(connection, self._audit, opened)
        return self.get(review.review_id)

    def _pending(self) -> int:
        """For how long a review waits to be decided, in milliseconds."""
        return self._rules.retention["pending_review"] * _HOUR

    def expire(self) -> None:
        """Ends the reviews that nobody has decided in time; their probes are erased, and the log says so."""
        due = and_(
            reviews.c.status.in_((*OPEN, ReviewStatus.NO_PICTURE)),
            reviews.c.case_id.is_not(None),
            or_(
                and_(reviews.c.due.is_(None), reviews.c.opened < milliseconds() - self._pending()),
                reviews.c.due < milliseconds(),
            ),
        )
        query = select(reviews.c.row, reviews.c.review_id, reviews.c.case_id).where(due)
        with self._database.read() as connection:
            if connection.execute(query.limit(1)).first() is None:
                return
        with self._database.write(turn=Turn.AUDIT) as connection:
            for row in connection.execute(query).all():
                connection.execute(
                    update(reviews)
                    .where(reviews.c.row == row.row)
                    .values(status=ReviewStatus.EXPIRED, asked=None, probe_picture=None, assignee=None)
                )
                tell(connection, row.row, ReviewStatus.EXPIRED)
                self._audit.append_within(
                    connection,
                    {
                        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                        "key": "local",
                        "operation": "expire review",
                        "review": row.review_id,
                        "case": row.case_id,
                    },
                )

    def named(self, review_ids: Collection[str]) -> dict[str, Review]:
        """Reviews by their ids; those that there aren't are left out."""
        self.expire()
        with self._database.read() as connection:
            found = find_all(connection, reviews.c.review_id.in_(review_ids))
        return {review.review_id: review for review in found}

    def erased(self, *among: Review) -> set[tuple[int, int]]:
        """The candidates of some reviews, by the row of their review and their number, whose face was erased
        since.
        """
        rows = [review.row for review in among]
        query = select(candidates.c.review, candidates.c.number).where(
            candidates.c.review.in_(rows), _is_erased()
        )
        with self._database.read() as connection:
            return {(row.review, row.number) for row in connection.execute(query)}

    def forget_erased(self) -> None:
        """Forgets who the candidates were whose faces were erased since. Nobody is told of them before."""
        due = _is_erased() & (candidates.c.entry != _NOTHING)
        with self._database.read() as connection:
            if connection.execute(select(candidates.c.number).where(due).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(update(candidates).where(due).values(entry=_NOTHING))


def waits(review: Review) -> bool:
    """Whether any of its candidates is still without a judgement."""
    return any(one.status in WAITING for one in review.candidates)


def stands(review: Review) -> bool:
    """Whether it was neither withdrawn nor left until its time was over."""
    return review.status not in _ENDED


def review_not_found(review_id: str) -> ResourceNotFoundException:
    """What is answered for a review that there isn't, or that is not the caller's to know."""
    return ResourceNotFoundException(f"There is no review {review_id[:80]} that you may see.")


def _is_erased() -> ColumnElement[bool]:
    """Of candidates that are enrolled faces."""
    is_face = candidates.c.subject.like("face/%")
    return is_face & candidates.c.face.is_not(None) & candidates.c.face.not_in(select(faces.c.row))
