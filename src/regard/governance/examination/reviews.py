"""Reviews in the database: opened with the audit record of their search, found, withdrawn, opened again."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from regard.errors import ConflictException, ResourceNotFoundException
from regard.governance.audit import AuditLog
from regard.governance.examination.records import NewReview, NewReviewCandidate, Review, read_review
from regard.governance.examination.states import OPEN, WAITING, CandidateStatus, ReviewStatus
from regard.governance.profiles import Rules
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.numbering import next_id
from regard.storage.schema import candidates, face_crops, faces, reviews

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

        The same is what looks for the same probe in the same place on the same case, whatever the threshold.
        Whoever was rejected for that probe on that case is no candidate any more. Whoever opens it writes the
        audit record within the transaction: there is no review without its record, nor the reverse.
        """
        self.expire()
        asked = _asked(new)
        with self._database.write(turn=Turn.AUDIT) as connection:
            earlier = _find(connection, reviews.c.asked == asked)
            found = self._admissible(connection, new)
            if earlier is not None and self._is_superseded(connection, earlier, found):
                connection.execute(
                    update(reviews).where(reviews.c.row == earlier.row).values(asked=None, probe_picture=None)
                )
                earlier = None
            if earlier is None and found:
                earlier = self._insert(connection, new, found, asked)
            opening = Opening(connection, earlier)
            yield opening
            if earlier is not None and earlier.record is None:
                connection.execute(
                    update(reviews).where(reviews.c.row == earlier.row).values(record=opening.record)
                )

    def get(self, review_id: str) -> Review:
        """A review by its id. Raises ResourceNotFoundException."""
        self.expire()
        with self._database.read() as connection:
            found = _find(connection, reviews.c.review_id == review_id)
        if found is None:
            raise review_not_found(review_id)
        return found

    def of_cases(self) -> list[Review]:
        """The reviews of all cases, in the order they were opened."""
        self.expire()
        with self._database.read() as connection:
            return find_all(connection, reviews.c.case_id.is_not(None))

    def withdraw(self, review: Review) -> Review:
        """Ends a review that isn't decided yet; its probe is erased. Raises ConflictException."""
        with self._database.write() as connection:
            done = connection.execute(
                update(reviews)
                .where(
                    reviews.c.row == review.row,
                    reviews.c.status.in_((*OPEN, ReviewStatus.NO_PICTURE)),
                )
                .values(status=ReviewStatus.WITHDRAWN, asked=None, probe_picture=None, assignee=None)
            ).rowcount
        if not done:
            raise ConflictException(
                f"The review {review.review_id} is {review.status}; it can't be withdrawn."
            )
        return self.get(review.review_id)

    def reopen(self, review: Review) -> Review:
        """Has those candidates rated anew that were leads or inconclusive, by others than before.

        Who was rejected stays so. Raises ConflictException where something was concluded since.
        """
        anew = (CandidateStatus.LEAD, CandidateStatus.INCONCLUSIVE)
        if review.status is not ReviewStatus.DECIDED:
            raise ConflictException(f"The review {review.review_id} is {review.status}, not DECIDED.")
        if not any(one.status in anew for one in review.candidates):
            raise ConflictException(
                f"Nobody in {review.review_id} is a LEAD or INCONCLUSIVE; there is nothing to rate anew."
            )
        with self._database.write() as connection:
            done = connection.execute(
                update(reviews)
                .where(
                    reviews.c.row == review.row,
                    reviews.c.status == ReviewStatus.DECIDED,
                    reviews.c.round == review.round,
                )
                .values(status=ReviewStatus.PENDING, round=review.round + 1, decided=None)
            ).rowcount
            if not done:
                raise ConflictException(f"The review {review.review_id} was opened again by somebody else.")
            connection.execute(
                update(candidates)
                .where(candidates.c.review == review.row, candidates.c.status.in_(anew))
                .values(status=CandidateStatus.PENDING_REVIEW)
            )
        return self.get(review.review_id)

    def expire(self) -> None:
        """Ends the reviews that nobody has decided in time; their probes are erased, and the log says so."""
        due = and_(
            reviews.c.status.in_((*OPEN, ReviewStatus.NO_PICTURE)),
            reviews.c.case_id.is_not(None),
            reviews.c.opened < milliseconds() - self._rules.retention["pending_review"] * _HOUR,
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

    def erased(self, review: Review) -> set[int]:
        """The candidates, by number, whose face was erased since."""
        query = select(candidates.c.number).where(candidates.c.review == review.row, _is_erased())
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())

    def forget_erased(self) -> None:
        """Forgets who the candidates were whose faces were erased since. Nobody is told of them before."""
        due = _is_erased() & (candidates.c.entry != _NOTHING)
        with self._database.read() as connection:
            if connection.execute(select(candidates.c.number).where(due).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            connection.execute(update(candidates).where(due).values(entry=_NOTHING))

    def _admissible(self, connection: Connection, new: NewReview) -> list[NewReviewCandidate]:
        """The candidates that may be reviewed, as many as the rules allow."""
        query = (
            select(candidates.c.subject)
            .join(reviews, reviews.c.row == candidates.c.review)
            .where(
                reviews.c.case_id == new.case_id,
                reviews.c.probe == new.probe,
                candidates.c.status == CandidateStatus.REJECTED,
            )
        )
        rejected = set(connection.execute(query).scalars())
        found = [one for one in new.candidates if one.subject not in rejected]
        return found[: self._rules.candidates]

    def _is_superseded(
        self, connection: Connection, earlier: Review, found: Sequence[NewReviewCandidate]
    ) -> bool:
        """Whether a review without pictures makes room, since somebody was enrolled anew with one."""
        return earlier.status is ReviewStatus.NO_PICTURE and any(
            _has_picture(connection, one) for one in found
        )

    def _insert(
        self, connection: Connection, new: NewReview, found: Sequence[NewReviewCandidate], asked: str
    ) -> Review:
        now = milliseconds()
        review_id = next_id(connection, "R", now)
        shown = [_has_picture(connection, one) for one in found]
        rated = new.probe_picture is not None and any(shown)
        row: int = connection.execute(
            insert(reviews)
            .values(
                review_id=review_id,
                case_id=new.case_id,
                operation=new.operation,
                purpose=new.purpose,
                scope=new.scope,
                asked=asked,
                probe=new.probe,
                probe_picture=self._encrypted(new.probe_picture, review_id),
                collection_id=new.gallery.collection_id,
                collection=new.gallery.row,
                gallery_version=new.gallery.version,
                gallery_size=new.gallery.size,
                model=new.gallery.model,
                threshold=new.threshold,
                searcher=new.searcher,
                request_id=new.request_id,
                reviewers=self._rules.reviewers[new.purpose],
                salt=secrets.token_hex(32),
                status=ReviewStatus.PENDING if rated else ReviewStatus.NO_PICTURE,
                opened=now,
            )
            .returning(reviews.c.row)
        ).scalar_one()
        numbers = shuffled(len(found))
        rows: list[dict[str, Any]] = [
            {
                "review": row,
                "number": number,
                "rank": rank,
                "similarity": one.similarity,
                "subject": one.subject,
                "face": one.face,
                "picture": self._encrypted(one.picture, review_id),
                "entry": json.dumps(one.entry),
                "status": CandidateStatus.PENDING_REVIEW if rated and has else CandidateStatus.NO_PICTURE,
            }
            for rank, (number, one, has) in enumerate(zip(numbers, found, shown, strict=True), 1)
        ]
        connection.execute(insert(candidates), rows)
        made = _find(connection, reviews.c.row == row)
        if made is None:
            raise review_not_found(review_id)
        return made

    def _encrypted(self, picture: bytes | None, review_id: str) -> bytes | None:
        return None if picture is None else self._cipher.encrypt(picture, review_id)


def shuffled(count: int) -> list[int]:
    """The numbers from 1 to `count` in an order that nobody can foretell."""
    numbers = list(range(1, count + 1))
    secrets.SystemRandom().shuffle(numbers)
    return numbers


def waits(review: Review) -> bool:
    """Whether any of its candidates is still without a judgement."""
    return any(one.status in WAITING for one in review.candidates)


def stands(review: Review) -> bool:
    """Whether it was neither withdrawn nor left until its time was over."""
    return review.status not in _ENDED


def review_not_found(review_id: str) -> ResourceNotFoundException:
    """What is answered for a review that there isn't, or that is not the caller's to know."""
    return ResourceNotFoundException(f"There is no review {review_id[:80]} that you may see.")


def find_all(connection: Connection, condition: Any) -> list[Review]:
    """The reviews for which a condition holds, in the order they were opened."""
    rows = connection.execute(select(reviews).where(condition).order_by(reviews.c.row)).mappings().all()
    query = (
        select(candidates)
        .where(candidates.c.review.in_([row["row"] for row in rows]))
        .order_by(candidates.c.review, candidates.c.number)
    )
    members: dict[int, list[Any]] = {row["row"]: [] for row in rows}
    for one in connection.execute(query).mappings():
        members[one["review"]].append(one)
    return [read_review(row, members[row["row"]]) for row in rows]


def _find(connection: Connection, condition: Any) -> Review | None:
    return next(iter(find_all(connection, condition)), None)


def _has_picture(connection: Connection, one: NewReviewCandidate) -> bool:
    if one.picture is not None:
        return True
    if one.face is None:
        return False
    query = select(face_crops.c.face).where(face_crops.c.face == one.face)
    return connection.execute(query).first() is not None


def _is_erased() -> ColumnElement[bool]:
    """Of candidates that are enrolled faces."""
    is_face = candidates.c.subject.like("face/%")
    return is_face & candidates.c.face.is_not(None) & candidates.c.face.not_in(select(faces.c.row))


def _asked(new: NewReview) -> str:
    return hashlib.sha256(json.dumps([new.case_id, new.scope, new.probe]).encode()).hexdigest()
