"""The sums of the audit log, kept in the database and brought level with the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.json import Decoder
from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from regard.governance.audit import AuditLog
from regard.metering.fold import UsageKey, UsageRecord, fold
from regard.metering.units import COLUMNS
from regard.storage.database import Database
from regard.storage.schema import usage, usage_jobs, usage_position

DAY: Final = 86_400_000
"""Milliseconds."""

_PAGE = 300  # records read at a time: the processor's caches hold what is made of them
_PAGES = 60  # that are folded before their sums are written, by one transaction; some 80 ms

_KEYS: Final[Mapping[str, ColumnElement[Any]]] = {
    "key": usage.c.key_id,
    "operation": usage.c.operation,
    "collection": usage.c.collection,
    "purpose": usage.c.purpose,
    "case": usage.c.case_reference,
    "person": usage.c.person_id,
    "day": usage.c.hour - usage.c.hour % DAY,
}
GROUPINGS: Final = tuple(_KEYS)
"""What sums can be listed by. Days are UTC's."""

_SUMS = [func.sum(usage.c[name]).label(name) for name in COLUMNS]
_DECODER: Final = Decoder(list[UsageRecord])
_NAMED = (*UsageKey.__slots__, *COLUMNS)
_ADD = text(
    f"INSERT INTO usage ({', '.join(_NAMED)}) VALUES ({', '.join(f':{name}' for name in _NAMED)}) "  # noqa: S608
    f"ON CONFLICT ({', '.join(UsageKey.__slots__)}) DO UPDATE SET "
    + ", ".join(f"{name} = usage.{name} + excluded.{name}" for name in COLUMNS)
)


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What one key, operation, collection, … came to. `sums` are by the names of `units.COLUMNS`."""

    name: str
    sums: Mapping[str, int]


@dataclass(slots=True)
class _LogRead:
    """How far the log was read, and which jobs' work was counted: before (`known`), and by now."""

    position: int
    records: int = 0
    known: set[str] = field(default_factory=set)
    counted: set[str] = field(default_factory=set)


class UsageStore:
    """The sums of one database, for any number of threads, processes and servers.

    A record is in them once, whoever folds it: whoever adds a page of records moves the position in the same
    transaction, and only from where it began.
    """

    def __init__(self, database: Database, log: AuditLog) -> None:
        self._database = database
        self._log = log

    def follow(self) -> int:
        """Brings the sums level with the log as it is now; answers how many records that took."""
        newest, folded = self._log.newest().sequence, 0
        while (position := self._position()) < newest:
            with suppress(IntegrityError):  # the first records were folded by another process meanwhile
                folded += self._fold_behind(position)
        return folded

    def rebuild(self) -> int:
        """Folds the whole log anew; answers how many records that took."""
        with self._database.write() as connection:
            # The position first, as everybody who adds to the sums does: it is the lock on them.
            connection.execute(update(usage_position).values(sequence=0))
            for table in (usage, usage_jobs):
                connection.execute(delete(table))
        return self.follow()

    def listed(self, start: int, end: int, *, by: str, key_id: str | None = None) -> list[UsageSum]:
        """Sums of the hours from `start` to before `end` (ms since the epoch), sorted by name.

        `by` is one of `GROUPINGS`; `key_id` is the key whose requests alone are summed. A day's name is its
        beginning in ms.
        """
        group = _KEYS[by]
        query = select(group.label("name"), *_SUMS).where(usage.c.hour >= start, usage.c.hour < end)
        if key_id is not None:
            query = query.where(usage.c.key_id == key_id)
        with self._database.read() as connection:
            rows = connection.execute(query.group_by(group)).mappings().all()
        found = [UsageSum(str(row["name"]), {name: int(row[name]) for name in COLUMNS}) for row in rows]
        return sorted(found, key=lambda one: one.name)

    def beginning(self) -> int | None:
        """The first hour of which there is a record, in ms since the epoch; None where there is none."""
        with self._database.read() as connection:
            return connection.execute(select(func.min(usage.c.hour))).scalar()

    def _position(self) -> int:
        with self._database.read() as connection:
            return int(connection.execute(select(usage_position.c.sequence)).scalar() or 0)

    def _fold_behind(self, position: int) -> int:
        """Adds the next records behind a position. Adds none where somebody else has done so meanwhile."""
        read = _LogRead(position)
        sums = fold(self._records(read), read.counted)
        with self._database.write() as connection:
            if not _move(connection, position, read.position):
                return 0
            if sums:  # in one order, so that no two servers wait for each other
                connection.execute(_ADD, [_row(key, sums[key]) for key in sorted(sums)])
            if read.counted > read.known:
                added = sorted(read.counted - read.known)
                connection.execute(insert(usage_jobs), [{"job_id": one} for one in added])
        return read.records

    def _records(self, read: _LogRead) -> Iterator[UsageRecord]:
        """The next records, and notes in `read` what was read, before each page."""
        for _ in range(_PAGES):
            page = self._log.joined_page(after=read.position, limit=_PAGE)
            if page is None:
                return
            records = _DECODER.decode(page.text)
            known = self._counted([one.job for one in records if one.units and one.job])
            read.known |= known
            read.counted |= known
            read.position, read.records = page.last, read.records + page.records
            yield from records

    def _counted(self, jobs: Sequence[str]) -> set[str]:
        """Those of the jobs whose work is in the sums."""
        if not jobs:
            return set()
        with self._database.read() as connection:
            query = select(usage_jobs.c.job_id).where(usage_jobs.c.job_id.in_(jobs))
            return set(connection.execute(query).scalars())


def _move(connection: Connection, before: int, after: int) -> bool:
    """Moves the position; False where it isn't at `before` any more. Raises IntegrityError where somebody
    else makes it in this moment.
    """
    moved = update(usage_position).where(usage_position.c.sequence == before).values(sequence=after)
    if connection.execute(moved).rowcount:
        return True
    if before or connection.execute(select(usage_position.c.sequence)).first() is not None:
        return False
    connection.execute(insert(usage_position).values(row=1, sequence=after))
    return True


def _row(key: UsageKey, sums: Counter[str]) -> dict[str, Any]:
    return {name: getattr(key, name) for name in UsageKey.__slots__} | {name: sums[name] for name in COLUMNS}
