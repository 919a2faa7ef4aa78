"""The audit log: append-only, each record bound to all before it by a hash.

`hash(n) = SHA-256(hash(n-1) + "\\n" + record(n))`, in hex, with 64 zeros before the first. Whoever changes,
removes or inserts a record breaks the chain from there on. A log cut off at its end shows only against a head
(number and hash) that was kept elsewhere: `regard audit verify` prints it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from regard.errors import RegardError
from regard.storage.database import Database
from regard.storage.schema import audit

_GENESIS = "0" * 64
# Built once: every request waits for them, and building a statement costs more than running it.
_NEWEST = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
_APPEND = insert(audit)


class AuditBroken(RegardError):
    """A record of the audit log does not fit the chain."""


@dataclass(frozen=True, slots=True)
class Head:
    """The newest record's number, 0 for an empty log, and its hash."""

    sequence: int
    hash: str


class AuditLog:
    """The log of one database. A record is on disk when `append` returns."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._head: Head | None = None  # where this process left the log

    def append(self, record: Mapping[str, Any]) -> Head:
        """Adds a record of JSON values and answers the new head."""
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)
        with self._lock:
            while True:
                head = self._head or self._newest()
                new = Head(head.sequence + 1, _link(head.hash, text))
                row = {"sequence": new.sequence, "record": text, "hash": new.hash}
                try:
                    with self._database.write() as connection:
                        connection.execute(_APPEND, row)
                except IntegrityError:
                    self._head = None  # another process was here: its record is the head now
                else:
                    self._head = new
                    return new

    def _newest(self) -> Head:
        with self._database.read() as connection:
            row = connection.execute(_NEWEST).first()
        return Head(0, _GENESIS) if row is None else Head(row.sequence, row.hash)

    def append_command(self, command: str, subject: str, **facts: Any) -> Head:
        """Adds the record of what the data folder's owner did without an operation, such as making a key."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return self.append({"time": now, "key": "local", "operation": command, "subject": subject, **facts})

    def verify(self) -> Head:
        """Recomputes the whole chain. Raises AuditBroken, naming the first record that does not fit."""
        head = Head(0, _GENESIS)
        for sequence, text, link in self._rows():
            if sequence != head.sequence + 1:
                raise AuditBroken(
                    f"The audit log is broken: record {head.sequence + 1} is missing; records were removed."
                )
            if link != _link(head.hash, text):
                raise AuditBroken(
                    f"The audit log is broken: record {sequence} was changed, or one before it was removed."
                )
            head = Head(sequence, link)
        return head

    def export(self) -> Iterator[dict[str, Any]]:
        """Every record with its number and hash, the oldest first."""
        for sequence, text, link in self._rows():
            yield {"sequence": sequence, "hash": link, **json.loads(text)}

    def _rows(self) -> Iterator[tuple[int, str, str]]:
        with self._database.read() as connection:
            query = select(audit.c.sequence, audit.c.record, audit.c.hash).order_by(audit.c.sequence)
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield row.sequence, row.record, row.hash


def _link(previous: str, text: str) -> str:
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
