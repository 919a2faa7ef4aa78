"""All feedback of a database: taken from anybody, answered to whoever has the code.

What is written, the contact and the picture are encrypted; the picture goes with the answer.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from regard.errors import ConflictException, LimitExceededException, ResourceNotFoundException
from regard.governance.audit import AuditLog
from regard.governance.privacy.feedback import (
    NEXT,
    OPEN,
    Decision,
    Feedback,
    FeedbackState,
    NewFeedback,
    months_later,
)
from regard.governance.privacy.retention import ANSWERED_FEEDBACK, Retention
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.numbering import next_id
from regard.storage.schema import feedback as table

_DAY: Final = 24 * 3_600_000
_MAX_PICTURES: Final = 1000  # that wait: strangers can't fill the disk with them


class FeedbackBox:
    """All feedback of one database."""

    def __init__(
        self, database: Database, audit: AuditLog, cipher: Cipher, retention: Retention, *, a_day: int
    ) -> None:
        """An address may send `a_day` in 24 hours."""
        self._database = database
        self._audit = audit
        self._cipher = cipher
        self._retention = retention
        self._a_day = a_day

    def send(self, new: NewFeedback) -> tuple[Feedback, str]:
        """Takes a matter in, and answers it with the code that its answer is read with, told this once.

        It and its record are one transaction. Raises LimitExceededException for one too many of an address
        within a day, and for a picture where too many wait.
        """
        now, code = milliseconds(), secrets.token_hex(16)
        address = None if new.address is None else self._cipher.digest(new.address.encode(), "address")
        with self._database.write(turn=Turn.AUDIT) as connection:
            if address is not None:
                self._check_limit(connection, address, now)
            if new.picture is not None:
                _check_pictures(connection)
            feedback_id = next_id(connection, "F", now)
            contact = None if new.contact is None else new.contact.encode()
            row = {
                "feedback_id": feedback_id,
                "code_digest": _digest(code),
                "kind": new.kind,
                "state": FeedbackState.RECEIVED.value,
                "text": self._encrypted(feedback_id, new.text.encode()),
                "contact": self._encrypted(feedback_id, contact),
                "picture": self._encrypted(feedback_id, new.picture),
                "address": address,
                "received": now,
                "due": months_later(now, 1),
                "receipts": "[]",
            }
            connection.execute(insert(table).values(row))
            self._audit.append_within(connection, _record(feedback_id, new, now))
            return self._found(connection, feedback_id), code

    def by_code(self, code: str) -> Feedback:
        """A matter by its code. Raises ResourceNotFoundException.

        It is found by the code's digest: how long that takes tells nothing of a code that is nearly right.
        """
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.code_digest == _digest(code))).first()
            if row is None or not self._is_kept(row, milliseconds()):
                raise ResourceNotFoundException("There is nothing by that code.")
            return self._feedback(row)

    def get(self, feedback_id: str) -> Feedback:
        """A matter by its id. Raises ResourceNotFoundException."""
        with self._database.read() as connection:
            return self._found(connection, feedback_id)

    def all(self) -> list[Feedback]:
        """Every matter that is kept, in the order they came."""
        query, now = select(table).order_by(table.c.received, table.c.feedback_id), milliseconds()
        with self._database.read() as connection:
            return [self._feedback(row) for row in connection.execute(query) if self._is_kept(row, now)]

    def picture(self, feedback_id: str) -> bytes:
        """The picture that came with a matter which waits for an answer. Raises ResourceNotFoundException."""
        query = select(table.c.picture).where(table.c.feedback_id == feedback_id)
        with self._database.read() as connection:
            picture = connection.execute(query).scalar()
        if picture is None:
            raise ResourceNotFoundException(f"There is no picture with {feedback_id[:80]}.")
        return self._decrypted(feedback_id, picture)

    def decide(self, feedback_id: str, decision: Decision, person_id: str) -> Feedback:
        """Takes a matter a step on; with the answer its picture goes.

        Raises ConflictException for a step that can't follow, and ResourceNotFoundException.
        """
        with self._database.write() as connection:
            present = self._found(connection, feedback_id, lock=True)
            if decision.state not in NEXT.get(FeedbackState(present.state), ()):
                raise ConflictException(f"{feedback_id} is {present.state}, and not {decision.state} next.")
            values: dict[str, Any] = {"state": decision.state.value}
            if decision.state not in OPEN:
                values |= {
                    "answer": decision.answer,
                    "reason": decision.reason,
                    "complain_to": decision.complain_to,
                    "receipts": json.dumps(list(decision.receipts)),
                    "decided": milliseconds(),
                    "decided_by": person_id,
                    "picture": None,
                }
            connection.execute(update(table).where(table.c.feedback_id == feedback_id).values(values))
            return self._found(connection, feedback_id)

    def extend(self, feedback_id: str, reason: str) -> Feedback:
        """Gives an answer two months more, once. Raises as `decide` does."""
        with self._database.write() as connection:
            present = self._found(connection, feedback_id, lock=True)
            if not present.is_open or present.extended_for is not None:
                raise ConflictException(f"{feedback_id} is answered, or its time was extended already.")
            connection.execute(
                update(table)
                .where(table.c.feedback_id == feedback_id)
                .values(due=months_later(present.received, 3), extended_for=reason)
            )
            return self._found(connection, feedback_id)

    def run_due(self, now: int) -> None:
        """Forgets addresses after a day, and answered matters in their time: a task of the upkeep."""
        with self._database.write() as connection:
            old = (table.c.address.is_not(None), table.c.received <= now - _DAY)
            connection.execute(update(table).where(*old).values(address=None))
            over = self._retention.over_since(ANSWERED_FEEDBACK, now)
            if over is not None:
                connection.execute(delete(table).where(table.c.decided <= over))

    def _check_limit(self, connection: Connection, address: str, now: int) -> None:
        query = select(func.count()).where(table.c.address == address, table.c.received > now - _DAY)
        if connection.execute(query).scalar_one() >= self._a_day:
            raise LimitExceededException(f"An address may send {self._a_day} a day. Try again tomorrow.")

    def _found(self, connection: Connection, feedback_id: str, *, lock: bool = False) -> Feedback:
        query = select(table).where(table.c.feedback_id == feedback_id)
        row = connection.execute(query.with_for_update() if lock else query).first()
        if row is None or not self._is_kept(row, milliseconds()):
            raise ResourceNotFoundException(f"There is no feedback {feedback_id[:80]}.")
        return self._feedback(row)

    def _is_kept(self, row: Any, now: int) -> bool:
        return row.decided is None or self._retention.retained(ANSWERED_FEEDBACK, row.decided, now)

    def _feedback(self, row: Any) -> Feedback:
        contact = None if row.contact is None else self._decrypted(row.feedback_id, row.contact).decode()
        return Feedback(
            feedback_id=row.feedback_id,
            kind=row.kind,
            state=row.state,
            text=self._decrypted(row.feedback_id, row.text).decode(),
            contact=contact,
            has_picture=row.picture is not None,
            received=row.received,
            due=row.due,
            extended_for=row.extended_for,
            answer=row.answer,
            reason=row.reason,
            complain_to=row.complain_to,
            receipts=tuple(json.loads(row.receipts)),
            decided=row.decided,
            decided_by=row.decided_by,
        )

    def _encrypted(self, feedback_id: str, content: bytes | None) -> bytes | None:
        return None if content is None else self._cipher.encrypt(content, f"feedback {feedback_id}")

    def _decrypted(self, feedback_id: str, content: bytes) -> bytes:
        return self._cipher.decrypt(content, f"feedback {feedback_id}")


def _check_pictures(connection: Connection) -> None:
    query = select(func.count()).where(table.c.picture.is_not(None))
    if connection.execute(query).scalar_one() >= _MAX_PICTURES:
        raise LimitExceededException("Too many pictures wait for an answer: send it without one.")


def _record(feedback_id: str, new: NewFeedback, now: int) -> dict[str, Any]:
    """The record of what a stranger sent: that it came, and nothing of what it says."""
    return {
        "time": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds"),
        "key": "nobody",
        "operation": "Feedback",
        "facts": {"FeedbackId": feedback_id, "Kind": new.kind, "HasPicture": new.picture is not None},
    }


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
