"""Sealing: the finished days of the audit log, each with a signed root over its records' hashes.

A day is what was written to the log after the sealed day before and until the first record of a later date.
So a request that begins before midnight and ends after it belongs to the day in which its record was
written, and no record is in two days or in none, whatever the clock does. The seal is itself a record, of a
later day: from there on no record joins the sealed one.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Select, insert, select

from regard.governance.audit import AuditLog, newest_head
from regard.governance.chain import EMPTY, LogHead, check_chain
from regard.governance.proof import merkle
from regard.governance.proof.day import NO_ROOT, SealedDay, signed_text
from regard.governance.proof.signing_key import public_half, signing_key
from regard.storage.backend import Turn
from regard.storage.database import Database
from regard.storage.schema import audit, audit_days, audit_timestamps

SEAL: Final = "audit seal"
"""The `operation` of the record of a sealed day."""

NEW_KEY: Final = "audit key"
"""The `operation` of the record that says from when on a key signs."""

_TIME: Final = re.compile(r'"time":"(\d{4}-\d\d-\d\d)T[\d:.]+\+00:00"', re.ASCII)
_BEGINNING: Final = "1970-01-01"  # of records that have no time
_DAYS = select(*(audit_days.c[name] for name in SealedDay.__dataclass_fields__))
_NEWEST = _DAYS.order_by(audit_days.c.day.desc()).limit(1)


@dataclass(frozen=True, slots=True)
class _Finished:
    """A day that may be sealed. `is_followed` when a record of a later day is in the log."""

    day: str
    first: int
    last: int
    blocks: Sequence[bytes]
    is_followed: bool


class Seals:
    """The sealed days of one database, for any number of threads, processes and servers."""

    def __init__(self, database: Database, log: AuditLog, folder: Path) -> None:
        """`folder` holds the key that signs."""
        self._database = database
        self._log = log
        self._folder = folder

    def seal_due(self, now: datetime | None = None) -> list[SealedDay]:
        """Seals every finished day that is not sealed yet; answers those that this call has sealed.

        Whoever comes second to a day leaves it as it is. Raises AuditBroken where the records don't fit their
        chain, which no seal may hide, and RegardError where there is no key to sign with.
        """
        today = (now or datetime.now(UTC)).astimezone(UTC).date()
        sealed: list[SealedDay] = []
        while True:
            before = self.newest()
            due = self._finished(before, today)
            if due is None:
                return sealed
            made = self._seal(due, before, now or datetime.now(UTC))
            if made is not None:
                sealed.append(made)

    def newest(self) -> SealedDay | None:
        """The last day that is sealed."""
        with self._database.read() as connection:
            return _newest(connection)

    def of(self, sequence: int) -> SealedDay | None:
        """The sealed day of a record; None while its day is not sealed."""
        found = self._select(_DAYS.where(audit_days.c.first <= sequence, audit_days.c.last >= sequence))
        return found[0] if found else None

    def on(self, day: str) -> SealedDay | None:
        """The sealed day of a date, YYYY-MM-DD."""
        found = self._select(_DAYS.where(audit_days.c.day == day))
        return found[0] if found else None

    def page(self, *, after: str, limit: int) -> list[SealedDay]:
        """Sealed days after the day `after`, the oldest first."""
        return self._select(_DAYS.where(audit_days.c.day > after).order_by(audit_days.c.day).limit(limit))

    def timestamps(self, days: Sequence[str]) -> dict[str, str]:
        """The time-stamps of days, in base64, of those that have one; of several, that of the first place."""
        query = select(audit_timestamps.c.day, audit_timestamps.c.token).where(
            audit_timestamps.c.day.in_(days)
        )
        found: dict[str, str] = {}
        with self._database.read() as connection:
            for day, token in connection.execute(query.order_by(audit_timestamps.c.row)):
                found.setdefault(day, base64.b64encode(token).decode())
        return found

    def blocks(self, day: SealedDay) -> list[bytes]:
        """The roots of the blocks of a day's tree, as they are kept."""
        with self._database.read() as connection:
            return _blocks(connection, day.day)

    def _select(self, query: Select[Any]) -> list[SealedDay]:
        with self._database.read() as connection:
            return [SealedDay(**row) for row in connection.execute(query).mappings()]

    def path(self, day: SealedDay, sequence: int) -> list[bytes]:
        """The way from one of a day's records to its root, which reads a block's hashes and no record."""
        index = sequence - day.first
        start = day.first + index // merkle.BLOCK * merkle.BLOCK
        end = min(start + merkle.BLOCK - 1, day.last)
        hashes = select(audit.c.hash).where(audit.c.sequence.between(start, end)).order_by(audit.c.sequence)
        with self._database.read() as connection:
            leaves = [merkle.leaf_hash(bytes.fromhex(one)) for one in connection.execute(hashes).scalars()]
            blocks = _blocks(connection, day.day)
        below = merkle.path_to_root(leaves, sequence - start)
        return below + merkle.path_to_root(blocks, index // merkle.BLOCK)

    def _finished(self, before: SealedDay | None, today: date) -> _Finished | None:
        """The oldest day behind the sealed ones, once it is over."""
        head = self._head_of(before)
        earliest = _BEGINNING if before is None else _next(before.day)
        day, first, is_followed = "", head.sequence + 1, False
        tree = merkle.TreeBuilder()
        with closing(self._log.pages(after=head.sequence)) as pages:
            for page in pages:
                days = [max(_day_of(text, today.isoformat()), earliest) for _, text, _ in page]
                day = day or days[0]
                if day >= today.isoformat():
                    return None
                end = next((place for place, one in enumerate(days) if one > day), len(page))
                head = check_chain(head, page[:end])
                tree.add([bytes.fromhex(claimed) for _, _, claimed in page[:end]])
                if end < len(page):
                    is_followed = True
                    break
        if not day:
            return None
        return _Finished(day, first, head.sequence, tree.blocks, is_followed)

    def _head_of(self, day: SealedDay | None) -> LogHead:
        """The head as of a day's last record."""
        if day is None:
            return EMPTY
        query = select(audit.c.hash).where(audit.c.sequence == day.last)
        with self._database.read() as connection:
            return LogHead(day.last, connection.execute(query).scalar() or "")

    def _seal(self, due: _Finished, before: SealedDay | None, now: datetime) -> SealedDay | None:
        """Writes the seal and its record; None where the log, or its sealed days, have changed meanwhile."""
        key = signing_key(self._folder)
        root, previous = merkle.root(due.blocks).hex(), NO_ROOT if before is None else before.root
        text = signed_text(due.day, due.first, due.last, root, previous)
        sealed = SealedDay(
            day=due.day,
            first=due.first,
            last=due.last,
            root=root,
            previous=previous,
            public_key=public_half(key),
            signature=key.sign(text).hex(),
        )
        with self._database.write(turn=Turn.AUDIT) as connection:
            if _newest(connection) != before:
                return None
            if not due.is_followed and newest_head(connection).sequence != due.last:
                return None
            facts = asdict(sealed)
            records = [_record(now, SEAL, facts.pop("day"), facts)]
            if not _is_known(connection, sealed.public_key):
                replaced = None if before is None else before.public_key
                records.insert(0, _record(now, NEW_KEY, sealed.public_key, {"replaced": replaced}))
            self._log.append_within(connection, *records)
            connection.execute(insert(audit_days).values(**asdict(sealed), blocks=b"".join(due.blocks)))
        return sealed


def _newest(connection: Connection) -> SealedDay | None:
    row = connection.execute(_NEWEST).mappings().first()
    return None if row is None else SealedDay(**row)


def _blocks(connection: Connection, day: str) -> list[bytes]:
    stored = select(audit_days.c.blocks).where(audit_days.c.day == day)
    nodes = bytes(connection.execute(stored).scalar_one())
    return [nodes[at : at + merkle.SIZE] for at in range(0, len(nodes), merkle.SIZE)]


def _is_known(connection: Connection, public_key: str) -> bool:
    query = select(audit_days.c.day).where(audit_days.c.public_key == public_key).limit(1)
    return connection.execute(query).first() is not None


def _record(now: datetime, operation: str, subject: str, facts: dict[str, Any]) -> dict[str, Any]:
    time = now.astimezone(UTC).isoformat(timespec="milliseconds")
    return {"time": time, "key": "local", "operation": operation, "subject": subject, **facts}


def _day_of(text: str, today: str) -> str:
    """The date of a record. One that tells none, or one that is still to come, is of the day around it."""
    usual = _TIME.findall(text)  # as every record has it; reading the JSON of a million takes seconds
    if len(usual) == 1:
        day = str(usual[0])
    else:
        try:
            time = datetime.fromisoformat(json.loads(text)["time"])
        except (KeyError, TypeError, ValueError):
            return _BEGINNING
        day = time.astimezone(UTC).date().isoformat()
    return day if day <= today else _BEGINNING


def _next(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()
