"""The audit log in the database: append-only, each record bound to all before it (`chain.py`)."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, insert, select, text

from regard.governance.chain import EMPTY, Entry, LogHead, check_chain, link, write_record
from regard.storage.backend import Turn
from regard.storage.database import Database
from regard.storage.schema import audit

_PAGE = 400  # records read at a time: the processor's caches hold their texts until all is done with them
# Built once: every request waits for them, and building a statement costs more than running it.
_NEWEST = select(audit.c.sequence, audit.c.hash).order_by(audit.c.sequence.desc()).limit(1)
_APPEND = insert(audit)
# Only where the head is still as expected, which spares asking for it first. The types are for PostgreSQL.
_APPEND_BEHIND = text(
    "INSERT INTO audit (sequence, record, hash) "
    "SELECT CAST(:sequence AS BIGINT), CAST(:record AS TEXT), CAST(:hash AS VARCHAR) "
    "WHERE (SELECT hash FROM audit ORDER BY sequence DESC LIMIT 1) = CAST(:previous AS VARCHAR)"
)


_BEHIND = (
    select(audit.c.sequence, audit.c.record)
    .where(audit.c.sequence > bindparam("after"))
    .order_by(audit.c.sequence)
    .limit(bindparam("limit"))
    .subquery()
)
_JOINED = select(func.max(_BEHIND.c.sequence), func.count(), func.aggregate_strings(_BEHIND.c.record, ","))


@dataclass(frozen=True, slots=True)
class JoinedPage:
    """Some records as one JSON array, in no particular order: how many, and the greatest number."""

    last: int
    records: int
    text: str


class _Waiting:
    """A record that waits to be written, and the head after it once it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.head: Future[LogHead] = Future()
        self.woken = threading.Event()  # it is written, or its thread is the one to write


class AuditLog:
    """The log of one database, for any number of threads. A record is on disk when `append` returns.

    Records that come while others are being written are then written together, by one commit, which is what
    takes the time. One of the threads that wait for them writes them all and wakes the others.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._head = EMPTY  # where this process left the log
        self._waiting: list[_Waiting] = []
        self._writing = False  # a thread writes, or was woken to
        self._lock = threading.Lock()  # over both

    def append(self, record: Mapping[str, Any]) -> LogHead:
        """Adds a record of JSON values and answers the head as of this record."""
        text = write_record(record)
        text.encode()  # what can't be written is refused here, before it keeps others' records from the log
        mine = _Waiting(text)
        with self._lock:
            self._waiting.append(mine)
            free, self._writing = not self._writing, True
        if not free:
            self._wait(mine)
        if not mine.head.done():
            self._write_waiting()
        return mine.head.result()

    def _wait(self, mine: _Waiting) -> None:
        try:
            mine.woken.wait()
        except BaseException:  # a signal: nobody may wait for a thread that is gone
            with self._lock:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                    if mine.woken.is_set():
                        self._wake_next()
            raise

    def _write_waiting(self) -> None:
        """Writes every record that waits, this thread's among them, and lets another thread be the next."""
        with self._lock:
            batch, self._waiting = self._waiting, []
        try:
            heads = self._write([one.text for one in batch])
        except BaseException as error:
            for one in batch:
                one.head.set_exception(error)
            raise
        else:
            for one, head in zip(batch, heads, strict=True):
                one.head.set_result(head)
        finally:
            for one in batch:
                one.woken.set()
            with self._lock:
                self._wake_next()

    def _wake_next(self) -> None:
        """Hands the writing on to whoever waits longest. The lock is held."""
        self._writing = bool(self._waiting)
        if self._waiting:
            self._waiting[0].woken.set()

    def _write(self, texts: list[str]) -> list[LogHead]:
        """Appends records by one transaction and answers the head after each."""
        heads, rows = _chain(self._head, texts)
        with self._database.write(turn=Turn.AUDIT) as connection:
            if not connection.execute(_APPEND_BEHIND, {**rows[0], "previous": self._head.hash}).rowcount:
                # Another process was here, or this one has just begun.
                heads, rows = _chain(newest_head(connection), texts)
                connection.execute(_APPEND, rows)
            elif len(rows) > 1:
                connection.execute(_APPEND, rows[1:])
        self._head = heads[-1]
        return heads

    def append_command(self, command: str, subject: str, **facts: Any) -> LogHead:
        """Adds the record of what the data folder's owner did without an operation, such as making a key."""
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        return self.append({"time": now, "key": "local", "operation": command, "subject": subject, **facts})

    def append_within(self, connection: Connection, *records: Mapping[str, Any]) -> LogHead:
        """Adds records with whatever else a transaction writes; answers the head as of the last.

        The transaction has the turn AUDIT.
        """
        heads, rows = _chain(newest_head(connection), [write_record(record) for record in records])
        connection.execute(_APPEND, rows)
        return heads[-1]

    def verify(self) -> LogHead:
        """Recomputes the whole chain. Raises AuditBroken, naming the first record that does not fit."""
        head = EMPTY
        with closing(self.pages()) as pages:
            for page in pages:
                head = check_chain(head, page)
        return head

    def export(self) -> Iterator[dict[str, Any]]:
        """Every record with its number and hash, the oldest first."""
        with closing(self.pages()) as pages:
            for page in pages:
                for sequence, text, claimed in page:
                    yield {"sequence": sequence, "hash": claimed, **json.loads(text)}

    def newest(self) -> LogHead:
        """The head as of now."""
        with self._database.read() as connection:
            return newest_head(connection)

    def newest_time(self) -> str | None:
        """When the newest record was made, in ISO 8601; None for an empty log."""
        query = select(audit.c.record).order_by(audit.c.sequence.desc()).limit(1)
        with self._database.read() as connection:
            record = connection.execute(query).scalar()
        return None if record is None else str(json.loads(record)["time"])

    def find_request(self, request_id: str) -> int | None:
        """The number of the newest record of a request. It reads the log, from its end on."""
        sign = f'"request_id":"{request_id}"'
        query = select(audit.c.sequence).where(audit.c.record.contains(sign, autoescape=True))
        with self._database.read() as connection:
            found = connection.execute(query.order_by(audit.c.sequence.desc()).limit(1)).scalar()
        return None if found is None else int(found)

    def page(self, *, after: int, limit: int) -> list[Entry]:
        """The records behind the number `after`, the oldest first."""
        with self._database.read() as connection:
            return list(connection.execute(_behind(after, limit)).all())  # type: ignore[arg-type]

    def joined_page(self, *, after: int, limit: int) -> JoinedPage | None:
        """The records behind the number `after` as one text, which is read sooner than as many; or None."""
        with self._database.read() as connection:
            last, records, joined = connection.execute(_JOINED, {"after": after, "limit": limit}).one()
        return JoinedPage(last, records, f"[{joined}]") if records else None

    def pages(self, *, after: int = 0) -> Generator[list[Entry]]:
        """All records behind the number `after`, a page at a time, as one moment had them."""
        with self._database.read() as connection:
            yield from pages_within(connection, after=after)


def pages_within(connection: Connection, *, after: int = 0) -> Generator[list[Entry]]:
    """The same as a transaction sees them."""
    streaming = connection.execution_options(yield_per=_PAGE)
    with streaming.execute(_behind(after)) as rows:
        for page in rows.partitions():
            yield list(page)  # type: ignore[arg-type]  # rows are tuples


def _behind(after: int, limit: int | None = None) -> Select[tuple[int, str, str]]:
    query = select(audit.c.sequence, audit.c.record, audit.c.hash).where(audit.c.sequence > after)
    return query.order_by(audit.c.sequence).limit(limit)


def newest_head(connection: Connection) -> LogHead:
    """The newest record's number and hash, as the transaction sees it."""
    row = connection.execute(_NEWEST).first()
    return EMPTY if row is None else LogHead(row.sequence, row.hash)


def _chain(head: LogHead, texts: list[str]) -> tuple[list[LogHead], list[dict[str, Any]]]:
    """The heads and rows of records behind a head."""
    heads: list[LogHead] = []
    for record in texts:
        head = LogHead(head.sequence + 1, link(head.hash, record))
        heads.append(head)
    rows = [
        {"sequence": at.sequence, "record": record, "hash": at.hash}
        for at, record in zip(heads, texts, strict=True)
    ]
    return heads, rows
