"""The sums of the audit log, kept in the database and brought level with the log."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.governance.audit import AuditLog
from regard.metering.fold import UsageKey, fold
from regard.metering.units import COLUMNS
from regard.storage.database import Database
from regard.storage.schema import usage, usage_jobs, usage_position

DAY: Final = 86_400_000
"""Milliseconds."""

_PAGE = 2000  # records folded at a time: some 20 ms, and one transaction

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
_NAMED = [usage.c[name] == bindparam(f"of_{name}") for name in UsageKey.__slots__]
_ADD = (
    update(usage).where(*_NAMED).values({name: usage.c[name] + bindparam(f"add_{name}") for name in COLUMNS})
)


@dataclass(frozen=True, slots=True)
class UsageSum:
    """What one key, operation, collection, … came to. `sums` are by the names of `units.COLUMNS`."""

    name: str
    sums: Mapping[str, int]


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
            with suppress(IntegrityError):  # the first page was folded by another process meanwhile
                folded += self._fold_page(position)
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

    def _fold_page(self, position: int) -> int:
        """Adds the records behind a position. Adds none where somebody else has done so meanwhile."""
        page = self._log.page(after=position, limit=_PAGE)
        # As one text, which is read sooner than as many.
        records = json.loads(f"[{','.join(text for _, text, _ in page)}]")
        known = self._counted([str(one["job"]) for one in records if one.get("job") and one.get("units")])
        counted = set(known)
        sums = fold(records, counted)
        with self._database.write() as connection:
            if not _move(connection, position, page[-1][0]):
                return 0
            for key in sorted(sums):  # in one order, so that no two servers wait for each other
                _add(connection, key, sums[key])
            if counted > known:
                connection.execute(insert(usage_jobs), [{"job_id": one} for one in sorted(counted - known)])
        return len(page)

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


def _add(connection: Connection, key: UsageKey, sums: Counter[str]) -> None:
    named = asdict(key)
    added = {f"add_{name}": sums[name] for name in COLUMNS}
    of = {f"of_{name}": value for name, value in named.items()}
    if not connection.execute(_ADD, of | added).rowcount:
        connection.execute(insert(usage).values(named | {name: sums[name] for name in COLUMNS}))
