"""Notices to topics and URLs, kept in a table until somebody took them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table, select, true, update

from regard.storage.clock import milliseconds
from regard.storage.database import Database

HELD: Final = 120_000
"""Milliseconds that one delivery may take before another worker tries."""
_FIRST_WAIT: Final = 5.0  # seconds; each is twice the one before
_LONGEST_WAIT: Final = 3600.0


def wait_after(attempts: int) -> float:
    """How many seconds after so many attempts, the last of which failed, there is another."""
    wait: float = min(_FIRST_WAIT * 2 ** min(attempts - 1, 20), _LONGEST_WAIT)
    return wait


@dataclass(frozen=True, slots=True)
class OutgoingNotice:
    """`message` is to be told to `channel`, an SNS topic's ARN or a URL, signed by the key `key_id`."""

    row: int
    channel: str
    message: str
    key_id: str
    attempts: int


class Outbox:
    """The notices of one table, for any number of workers: each is delivered once or more often.

    The table has the columns of `OutgoingNotice` and `next_try`, `done`, `failure`. With `kept`, a notice is
    tried for so many milliseconds after it was `made`, which then is a column too; else while it is there.
    """

    def __init__(self, database: Database, table: Table, *, kept: int | None = None) -> None:
        self._database = database
        self._table = table
        self._kept = kept

    def take(self) -> OutgoingNotice | None:
        """A notice whose time has come, or None. Nobody else is given it for two minutes."""
        now, columns = milliseconds(), self._table.c
        young = true() if self._kept is None else columns.made > now - self._kept
        query = (
            select(self._table)
            .where(columns.done.is_(None), columns.next_try <= now, young)
            .order_by(columns.next_try, columns.row)
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        mine = (columns.row == found.row, columns.next_try == found.next_try, columns.done.is_(None))
        values = {"next_try": now + HELD, "attempts": found.attempts + 1}
        with self._database.write() as connection:
            taken = connection.execute(update(self._table).where(*mine).values(values)).rowcount
        if not taken:
            return None
        return OutgoingNotice(found.row, found.channel, found.message, found.key_id, found.attempts + 1)

    def delivered(self, notice: OutgoingNotice) -> None:
        """Somebody took it."""
        self._set(notice, done=milliseconds(), failure=None)

    def failed(self, notice: OutgoingNotice, reason: str) -> float:
        """Has it tried again later; answers in how many seconds."""
        wait = wait_after(notice.attempts)
        self._set(notice, next_try=milliseconds() + round(wait * 1000), failure=reason)
        return wait

    def _set(self, notice: OutgoingNotice, **values: object) -> None:
        change = update(self._table).where(self._table.c.row == notice.row).values(**values)
        with self._database.write() as connection:
            connection.execute(change)
