"""SQLite in the data folder, opened so that a commit survives a crash."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError

from regard.errors import RegardError, ServiceError
from regard.storage import backend

FILE = "regard.db"
_HELD = "engine.lock"
_FORGET_MILLISECONDS = 250  # no answer waits longer than this for other readers
_PRIMARY = 0xFF  # the part of an extended result code that says what kind it is


class Sqlite:
    """`folder/regard.db`. Raises RegardError when the file can't be made or opened."""

    def __init__(self, folder: Path, *, busy_seconds: float) -> None:
        self._file = folder / FILE
        self._busy_milliseconds = round(busy_seconds * 1000)
        try:
            _make(self._file)
        except OSError as error:
            raise RegardError(
                f"The data folder {folder} can't be used ({error.strerror}); give another one with --data."
            ) from error
        self._busy_seconds = busy_seconds
        self.engine = _engine(self._file, busy_seconds)

    def failure(self, error: DBAPIError) -> ServiceError | None:
        code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return backend.busy()
        if code == sqlite3.SQLITE_FULL:
            return backend.full()
        if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN):
            # A quota that is used up is an I/O error, too.
            return backend.unwritable()
        return None

    def refusal(self, error: DBAPIError) -> RegardError:
        return self.failure(error) or RegardError(
            f"{self._file} is not a database of Regard, or is damaged: {error.orig}."
        )

    def check(self, connection: Connection) -> None:
        """Every file that SQLite opens is fit."""

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """By a connection of its own for which foreign keys do nothing: SQLite changes a table by making it
        anew, and what refers to the old one must not go with it."""
        engine = _engine(self._file, self._busy_seconds, foreign_keys=False)
        try:
            with engine.connect() as connection, connection.execution_options(regard_write=True).begin():
                yield connection
        finally:
            engine.dispose()

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:  # noqa: ARG002 - one lock for all: few have SQLite here
        lock = FileLock(self._file.with_name(_HELD), self._busy_milliseconds / 1000, thread_local=False)
        try:
            lock.acquire()
        except Timeout as error:
            raise backend.busy() from error
        except OSError as error:
            raise backend.unwritable() from error
        try:
            yield
        finally:
            lock.release()

    def forget(self) -> None:
        """Empties the write-ahead log, as far as no reader still needs it.

        What a long reader holds back goes with the next erasure, or when the last process closes the file.
        """
        with self.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # SQLite moves its log only outside a transaction
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_FORGET_MILLISECONDS}")
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={self._busy_milliseconds}")


def _make(file: Path) -> None:
    """Makes the file where there is none. Raises OSError where it can't be made, or used.

    One that is there is not opened: closing it would let go of the locks that SQLite holds on it for all of
    this process (https://www.sqlite.org/howtocorrupt.html, 2.2).
    """
    try:
        # The file holds secrets and biometric vectors: nobody but its owner reads it.
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if not file.is_file():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)) from None
        if not os.access(file, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES)) from None


def _engine(file: Path, busy_seconds: float, *, foreign_keys: bool = True) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        connect_args={"check_same_thread": False, "timeout": busy_seconds},
        hide_parameters=True,  # secrets and vectors have no place in a log
        pool_size=backend.CONNECTIONS,
        max_overflow=48,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            f"foreign_keys={'ON' if foreign_keys else 'OFF'}",
            "temp_store=MEMORY",
            "secure_delete=ON",  # an erased vector is overwritten, not only unlinked
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A write transaction that begins as a reader fails when another writer commits in between.
        # All writers take turns, so that no Turn needs a lock of its own.
        if connection.get_execution_options().get("regard_write", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # it waits for nothing and can't fail, so that no error of it has to be translated
            connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]

    return engine
