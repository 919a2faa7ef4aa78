"""Records of the audit log by what they say: somebody's, a case's, those of an hour.

The log has no index but its order, since it is written for proof and nothing may slow it down. So a search
reads it from the newest record back, a stretch at a time, and says where it stopped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from regard.governance.audit import newest_head
from regard.governance.chain import Entry
from regard.storage.database import Database
from regard.storage.schema import audit

STRETCH: Final = 20_000
"""Records that one search reads at most: some hundredths of a second."""

_LATE: Final = 1000
"""Records further on than a moment's that are read for it: what takes long stands where it ended."""


_MEMBERS: Final = {"outcome": ("outcome", "result")}
"""Members of records that say the same: requests have an outcome, and what happens at sign-in a result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """What records must say; None asks nothing. `operation` is a name, `outcome` as records have it."""

    person: str | None = None
    key: str | None = None
    case: str | None = None
    operation: str | None = None
    collection: str | None = None
    outcome: str | None = None

    def wanted(self) -> dict[str, str]:
        """The members of a record that must have a value, with that value."""
        asked = ((one.name, getattr(self, one.name)) for one in fields(self))
        return {name: value for name, value in asked if value is not None}


@dataclass(frozen=True, slots=True)
class FoundRecords:
    """Records, the newest first, and the number before which the search goes on; None at the log's end."""

    entries: list[Entry]
    before: int | None


class AuditSearch:
    """Searches the log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self,
        asked: RecordFilter,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        before: int | None = None,
        limit: int,
    ) -> FoundRecords:
        """At most `limit` records from `start` to before `end` that say what is asked.

        `before` is where an earlier search stopped. It may find none and yet go on.
        """
        wanted = asked.wanted()
        with self._database.read() as connection:
            newest = newest_head(connection).sequence
            last = newest if before is None else min(newest, before - 1)
            if end is not None:
                last = min(last, _count_until(connection, end, newest) + _LATE)
            first = 1 if start is None else _count_until(connection, start, newest) + 1
            floor = max(first, last - STRETCH + 1)
            query = select(audit.c.sequence, audit.c.record, audit.c.hash).where(
                audit.c.sequence >= floor, audit.c.sequence <= last
            )
            for name, value in wanted.items():
                signs = [_sign(member, value) for member in _MEMBERS.get(name, (name,))]
                query = query.where(or_(*(audit.c.record.contains(one, autoescape=True) for one in signs)))
            found = connection.execute(query.order_by(audit.c.sequence.desc()).limit(limit)).all()
        # What stands in a nested object reads alike: the record itself decides, on its time too.
        entries = [(row[0], row[1], row[2]) for row in found if _says(row[1], wanted, start, end)]
        if len(found) == limit:
            return FoundRecords(entries, found[-1][0] if found[-1][0] > first else None)
        return FoundRecords(entries, floor if floor > first else None)


def _sign(name: str, value: str) -> str:
    """How a record has a member with a value, as `chain.write_record` writes it."""
    return json.dumps({name: value}, ensure_ascii=False, separators=(",", ":"))[1:-1]


def _says(record: str, wanted: dict[str, str], start: datetime | None, end: datetime | None) -> bool:
    said: dict[str, Any] = json.loads(record)
    for name, value in wanted.items():
        if all(said.get(member) != value for member in _MEMBERS.get(name, (name,))):
            return False
    made = datetime.fromisoformat(said["time"])
    return (start is None or made >= start) and (end is None or made < end)


def _count_until(connection: Connection, moment: datetime, newest: int) -> int:
    """The number of the last record made before a moment, as far as records' times rise; 0 for none."""
    low, high = 0, newest
    while low < high:
        middle = (low + high + 1) // 2
        behind = select(audit.c.record).where(audit.c.sequence >= middle).order_by(audit.c.sequence).limit(1)
        record = connection.execute(behind).scalar()  # of the next one, where somebody has removed this
        if record is not None and datetime.fromisoformat(json.loads(record)["time"]) < moment:
            low = middle
        else:
            high = middle - 1
    return low
