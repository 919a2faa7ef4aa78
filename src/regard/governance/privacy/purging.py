"""The purge of closed cases: once their time is over, what they say is erased, unless they are on hold.

What is left of a case counts: its id, purpose, offence, dates, and who worked on it. The audit log keeps its
records, which hold nothing of a face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, delete, select, update

from regard.governance.audit import AuditLog
from regard.governance.cases import Case
from regard.governance.privacy.holds import find_hold
from regard.governance.privacy.retention import CLOSED_CASE, Retention
from regard.storage.backend import Turn
from regard.storage.database import Database
from regard.storage.schema import cases, keys

ERASED: Final = "erased"
"""What stands in place of a purged case's texts."""

_TEXTS: Final = ("reference", "basis", "justification", "closed_for")

Purge = Callable[[Connection, str], object]
"""Erases what else is kept of a case, by its id, in a transaction."""


class CasePurge:
    """Purges the closed cases of one database."""

    def __init__(
        self, database: Database, audit: AuditLog, retention: Retention, *, also: Sequence[Purge] = ()
    ) -> None:
        """`also` erases what is kept elsewhere of a case, in the same transaction."""
        self._database = database
        self._audit = audit
        self._retention = retention
        self._also = tuple(also)

    def date(self, case: Case) -> int | None:
        """When a case is purged unless it is on hold, in milliseconds since the epoch; None while it is open,
        and where the rules set no time.
        """
        return None if case.closed is None else self._retention.end(CLOSED_CASE, case.closed)

    def shown(self, case: Case, now: int) -> Case:
        """The case as it may be shown at `now`: without what should be gone by then."""
        date = self.date(case)
        if case.purged is not None or date is None or now < date:
            return case
        with self._database.read() as connection:
            hold = find_hold(connection, case.case_id)
        if hold is not None and hold.holds(now):
            return case
        return replace(
            case,
            reference=ERASED,
            basis=ERASED,
            justification=ERASED,
            closed_for=ERASED,
            urgent_for=None,
            edits=(),
            purged=date,
        )

    def run_due(self, now: int) -> None:
        """Purges what is due: a task of the upkeep."""
        over = self._retention.over_since(CLOSED_CASE, now)
        if over is None:
            return
        query = select(cases.c.case_id).where(cases.c.closed <= over, cases.c.purged.is_(None))
        with self._database.read() as connection:
            due = list(connection.execute(query).scalars())
        for case_id in due:
            self._purge(case_id, now)

    def _purge(self, case_id: str, now: int) -> None:
        with self._database.write(turn=Turn.AUDIT) as connection:
            locked = select(cases.c.purged).where(cases.c.case_id == case_id).with_for_update()
            if connection.execute(locked).scalar_one() is not None:
                return
            hold = find_hold(connection, case_id)
            if hold is not None and hold.holds(now):
                return
            for purge in self._also:
                purge(connection, case_id)
            connection.execute(delete(keys).where(keys.c.case_id == case_id))
            gone = {**dict.fromkeys(_TEXTS, ERASED), "edits": "[]", "channel": None, "urgent_for": None}
            connection.execute(update(cases).where(cases.c.case_id == case_id).values(purged=now, **gone))
            self._audit.append_within(
                connection,
                {
                    "time": datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds"),
                    "key": "upkeep",
                    "operation": "CasePurge",
                    "case": case_id,
                },
            )
