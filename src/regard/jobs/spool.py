"""What analyses find in one video, put by on disk until it is written out: a film has more than fits memory.

It is SQLite's own temporary database: a file without a name (in `SQLITE_TMPDIR`, `TMPDIR`, else /var/tmp),
which is gone with its connection, also when the process is killed.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType

from regard.errors import RegardError
from regard.jobs.records import Item

_CACHE = 16_384  # KiB of pages in memory
_AT_ONCE = 500  # rows
_LISTED = "SELECT timestamp, key, body FROM items WHERE operation = ? AND view = ?"
_IN_TIME = f"{_LISTED} ORDER BY timestamp, number"
_BY_KEY = f"{_LISTED} ORDER BY key, timestamp, number"


class ItemSpool:
    """Items by operation and view. A context manager; for one thread."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            f"PRAGMA cache_size = -{_CACHE}; PRAGMA journal_mode = OFF; PRAGMA temp_store = FILE;"
            "CREATE TABLE items (number INTEGER PRIMARY KEY, operation TEXT, view TEXT, timestamp INTEGER,"
            " key BLOB, body TEXT);"
            "CREATE INDEX in_time ON items (operation, view, timestamp, number);"
            "CREATE INDEX by_key ON items (operation, view, key, timestamp, number);"
        )

    def add(self, operation: str, items: Iterable[Item]) -> None:
        """Raises RegardError when the disk is full."""
        rows = (
            (operation, item.view, item.timestamp, item.key.encode(), json.dumps(item.body)) for item in items
        )
        try:
            self._database.execute("BEGIN")
            self._database.executemany(
                "INSERT INTO items (operation, view, timestamp, key, body) VALUES (?, ?, ?, ?, ?)", rows
            )
            self._database.execute("COMMIT")
        except sqlite3.Error as error:
            raise RegardError(
                f"What was found can't be put by ({error}); name a folder with more room in TMPDIR."
            ) from error

    def items(self, operation: str, view: str = "", *, by_key: bool = False) -> Iterator[Item]:
        """Sorted by time, or by key and then by time; those of one moment as they were found."""
        found = self._database.execute(_BY_KEY if by_key else _IN_TIME, (operation, view))
        while rows := found.fetchmany(_AT_ONCE):
            for timestamp, key, body in rows:
                yield Item(timestamp, key.decode(), json.loads(body), view)

    def of_key(self, operation: str, view: str, key: str) -> Item | None:
        """The first item of a key."""
        row = self._database.execute(
            "SELECT timestamp, body FROM items WHERE operation = ? AND view = ? AND key = ?"
            " ORDER BY timestamp, number LIMIT 1",
            (operation, view, key.encode()),
        ).fetchone()
        return None if row is None else Item(row[0], key, json.loads(row[1]), view)

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> ItemSpool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
