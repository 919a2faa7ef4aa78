"""Erasures: what was erased, why and when, with a record in the audit log that its receipt proves."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, insert, select

from regard.caller import Caller
from regard.governance.audit import AuditLog
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import erasures as table

OPERATION: Final = "Erasure"
"""What the records of erasures name as their operation."""
MAX_NAMED: Final = 10_000
"""Faces that an erasure names at most; of more it says how many."""


class Cause(StrEnum):
    """Why something was erased."""

    REQUESTED = "REQUESTED"
    CONSENT_ENDED = "CONSENT_ENDED"
    RETENTION = "RETENTION"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why something is erased, and on whose word: None for what the rules ask by themselves."""

    cause: Cause
    words: str | None = None
    caller: Caller | None = None
    request_id: str | None = None
    case: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What was erased. `faces` and `users` are counts; `face_ids` are empty where there were too many.

    Nobody can guess a `receipt_id`. `erased` is in milliseconds since the epoch, `sequence` the number of its
    record in the audit log.
    """

    receipt_id: str
    collection: str
    cause: str
    faces: int
    users: int
    face_ids: tuple[str, ...]
    erased: int
    sequence: int


class Erasures:
    """The erasures of one database."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    def note(
        self,
        collection: str,
        reason: Reason,
        face_ids: Sequence[str],
        users: int,
        *,
        faces: int | None = None,
    ) -> Erasure:
        """Writes down what was erased just now. `faces` is how many, where they aren't named."""
        with self._database.write(turn=Turn.AUDIT) as connection:
            return self.note_within(connection, collection, reason, face_ids, users, faces=faces)

    def note_within(
        self,
        connection: Connection,
        collection: str,
        reason: Reason,
        face_ids: Sequence[str],
        users: int,
        *,
        faces: int | None = None,
    ) -> Erasure:
        """The same with the erasure itself, in a transaction that has the turn AUDIT: both or neither."""
        now = milliseconds()
        named = tuple(face_ids) if len(face_ids) <= MAX_NAMED else ()
        count = len(face_ids) if faces is None else faces
        receipt_id = secrets.token_hex(16)
        record = {
            "time": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds"),
            **_on_whose_word(reason),
            "operation": OPERATION,
            "collection": collection,
            "case": reason.case,
            "facts": {
                "ReceiptId": receipt_id,
                "Cause": reason.cause.value,
                "Reason": reason.words,
                "FaceCount": count,
                "UserCount": users,
                "FaceIds": list(named),
            },
        }
        made = Erasure(
            receipt_id=receipt_id,
            collection=collection,
            cause=reason.cause.value,
            faces=count,
            users=users,
            face_ids=named,
            erased=now,
            sequence=self._audit.append_within(connection, record).sequence,
        )
        row = {column.name: getattr(made, column.name) for column in table.columns}
        connection.execute(insert(table).values(row | {"face_ids": json.dumps(made.face_ids)}))
        return made

    def find(self, receipt_id: str) -> Erasure | None:
        """An erasure by the id of its receipt, or None."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.receipt_id == receipt_id)).mappings().first()
        return None if row is None else _erasure(row)

    def page(self, *, after: int, limit: int) -> list[Erasure]:
        """The erasures in the order of their records, those behind a record's number."""
        query = select(table).where(table.c.sequence > after).order_by(table.c.sequence).limit(limit)
        with self._database.read() as connection:
            return [_erasure(row) for row in connection.execute(query).mappings()]


def _on_whose_word(reason: Reason) -> dict[str, Any]:
    """Who is behind it, as records say it: `upkeep` is the installation itself."""
    caller = reason.caller
    who = {"key": "upkeep"} if caller is None else {"key": caller.key_id}
    if caller is not None and caller.person_id is not None:
        who["person"] = caller.person_id
    if reason.request_id is not None:
        who["request_id"] = reason.request_id
    return who


def _erasure(row: Any) -> Erasure:
    return Erasure(**{**row, "face_ids": tuple(json.loads(row["face_ids"]))})
