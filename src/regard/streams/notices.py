"""Notices of what stream processors saw, kept until somebody took them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, update

from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import stream_notices as table

_FIRST_WAIT: Final = 5.0  # seconds; each is twice the one before
_LONGEST_WAIT: Final = 3600.0
_HELD: Final = 120_000  # milliseconds that one delivery may take before another worker tries


@dataclass(frozen=True, slots=True)
class StreamNotice:
    """`message` is to be told to `channel`, an SNS topic's ARN or a URL, signed by the key `key_id`."""

    row: int
    channel: str
    message: str
    key_id: str
    attempts: int


class StreamNotices:
    """The notices of one database, for any number of workers: each is delivered once or more often."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self) -> StreamNotice | None:
        """A notice whose time has come, or None. Nobody else is given it for two minutes."""
        query = (
            select(table)
            .where(table.c.done.is_(None), table.c.next_try <= milliseconds())
            .order_by(table.c.next_try, table.c.row)
            .limit(1)
        )
        with self._database.read() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        mine = (table.c.row == found.row, table.c.next_try == found.next_try, table.c.done.is_(None))
        values = {"next_try": milliseconds() + _HELD, "attempts": found.attempts + 1}
        with self._database.write() as connection:
            taken = connection.execute(update(table).where(*mine).values(values)).rowcount
        if not taken:
            return None
        return StreamNotice(found.row, found.channel, found.message, found.key_id, found.attempts + 1)

    def delivered(self, notice: StreamNotice) -> None:
        """Somebody took it."""
        self._set(notice, done=milliseconds(), failure=None)

    def failed(self, notice: StreamNotice, reason: str) -> float:
        """Has it tried again later; answers in how many seconds."""
        wait: float = min(_FIRST_WAIT * 2 ** min(notice.attempts - 1, 20), _LONGEST_WAIT)
        self._set(notice, next_try=milliseconds() + round(wait * 1000), failure=reason)
        return wait

    def _set(self, notice: StreamNotice, **values: object) -> None:
        with self._database.write() as connection:
            connection.execute(update(table).where(table.c.row == notice.row).values(**values))
