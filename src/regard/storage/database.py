"""The database: SQLite through SQLAlchemy Core, opened so that a commit survives a crash."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import alembic.util
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError, OperationalError

from regard.errors import InternalServerError, RegardError, ThrottlingException

MIGRATIONS = Path(__file__).parent / "migrations"
_BUSY_SECONDS = 30
_FORGET_MILLISECONDS = 250  # no answer waits longer than this for other readers


class Database:
    """Connections of one database, for any number of threads and processes.

    Readers see one snapshot and never wait; writers take turns. A commit is on disk when `write` ends.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, folder: Path) -> Database:
        """Opens `folder/regard.db`, making both where they are missing, at the newest schema.

        Raises RegardError when the folder can't be used or the database is not ours.
        """
        file = folder / "regard.db"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The file holds secrets and biometric vectors: nobody but its owner reads it.
            os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise RegardError(
                f"The data folder {folder} can't be used ({error.strerror}); give another one with --data."
            ) from error
        database = cls(_sqlite_engine(file))
        try:
            database.migrate()
        except DatabaseError as error:
            raise RegardError(f"{file} is not a database of Regard, or is damaged: {error.orig}.") from error
        return database

    def migrate(self) -> None:
        """Brings the schema to the newest version; does nothing when it is there."""
        config = alembic.config.Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.write() as connection:
            config.attributes["connection"] = connection
            try:
                alembic.command.upgrade(config, "head")
            except alembic.util.CommandError as error:
                raise RegardError(
                    "The database was made by a newer version of Regard; install that version."
                ) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection within one read transaction."""
        with _translated(), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A connection within one write transaction, committed at the end, rolled back on an error."""
        with (
            _translated(),
            self.engine.connect().execution_options(regard_write=True) as connection,
            connection.begin(),
        ):
            yield connection

    def forget(self) -> None:
        """Removes what was erased from the write-ahead log too, as far as no reader still needs it.

        What a long reader holds back goes with the next erasure, or when the last process closes the file.
        """
        with self.engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # SQLite moves its log only outside a transaction
            connection.exec_driver_sql(f"PRAGMA busy_timeout={_FORGET_MILLISECONDS}")
            try:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={_BUSY_SECONDS * 1000}")

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _translated() -> Iterator[None]:
    """Turns the database's own failures into errors that a client can act on."""
    try:
        yield
    except OperationalError as error:
        reason = str(error.orig)
        if "locked" in reason or "busy" in reason:
            raise ThrottlingException("The database is busy. Try your call again.") from error
        if "full" in reason:
            raise InternalServerError("The disk of the database is full; nothing was changed.") from error
        raise


def _sqlite_engine(file: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{file}",
        connect_args={"check_same_thread": False, "timeout": _BUSY_SECONDS},
        pool_size=16,
        max_overflow=48,
    )

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where we say, not where sqlite3 guesses
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "temp_store=MEMORY",
            "secure_delete=ON",  # an erased vector is overwritten, not only unlinked
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A write transaction that begins as a reader fails when another writer commits in between.
        write = connection.get_execution_options().get("regard_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
