"""The database through SQLAlchemy Core: SQLite in the data folder, or PostgreSQL for several servers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import alembic.command
import alembic.util
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import RootTransaction
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from regard import tracing
from regard.errors import RegardError, ServiceError
from regard.storage.backend import BUSY_SECONDS, CONNECTIONS, Backend, Turn, busy
from regard.storage.erasure_journal import ErasureJournal
from regard.storage.postgres import Postgres
from regard.storage.schema_state import SchemaState, alembic_config, schema_state
from regard.storage.sqlite import FILE, Sqlite

_MIGRATING = threading.Lock()  # Alembic keeps what it is doing in a global of its module

log: Any = structlog.get_logger(__name__)


class Database:
    """Connections of one database, for any number of threads and processes.

    Readers see one snapshot and never wait; writers of the same rows take turns. A commit is on disk when
    `write` ends. ThrottlingException is raised while others hold what is needed for too long, and
    InternalServerError when the database is gone or its disk is full: nothing is half done then.
    """

    def __init__(self, backend: Backend, journal: ErasureJournal) -> None:
        """`journal` is told of what is erased, by whoever erases it, before that is committed."""
        self._backend = backend
        self.erasure_journal = journal

    @classmethod
    def open(
        cls,
        folder: Path,
        url: str | None = None,
        *,
        busy_seconds: float = BUSY_SECONDS,
        connections: int = CONNECTIONS,
        migrate: bool = True,
    ) -> Database:
        """Opens the PostgreSQL database at `url`, or `folder/regard.db`, at the newest schema; as it is
        without `migrate`, for whoever looks at it.

        The folder and the file are made where they are missing. A writer waits `busy_seconds` for another.
        `connections` are kept to PostgreSQL. Raises RegardError when the folder can't be used or the
        database can't be opened, or is not ours.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise RegardError(
                f"The data folder {folder} can't be used ({error.strerror}); give another one with --data."
            ) from error
        backend: Backend = (
            Sqlite(folder, busy_seconds=busy_seconds)
            if url is None
            else Postgres(url, busy_seconds=busy_seconds, connections=connections)
        )
        database = cls(backend, ErasureJournal(folder))
        try:
            if migrate:
                database.migrate()
        except BaseException:
            database.close()
            raise
        return database

    @property
    def engine(self) -> Engine:
        return self._backend.engine

    @property
    def is_shared(self) -> bool:
        """Whether servers with folders of their own may share it."""
        return self.engine.dialect.name != "sqlite"

    def migrate(self) -> None:
        """Brings the schema to the newest version; does nothing when it is there.

        Servers that start at once take turns. Raises RegardError when the database is not ours.
        """
        config = alembic_config()
        try:
            with _MIGRATING, self._backend.migration() as connection:
                self._backend.check(connection)
                config.attributes["connection"] = connection
                alembic.command.upgrade(config, "head")
        except alembic.util.CommandError as error:
            raise RegardError(
                "The database was made by a newer version of Regard; install that version. "
                f"It is at {self.schema().current}, and this version knows {self.schema().newest}."
            ) from error
        except DBAPIError as error:
            raise self._backend.refusal(error) from error

    def schema(self) -> SchemaState:
        """Which migrations have run, and which there are. Raises RegardError where the database can't be
        used.
        """
        try:
            with self.engine.connect() as connection, connection.begin():
                self._backend.check(connection)
                return schema_state(connection)
        except DBAPIError as error:
            raise self._backend.refusal(error) from error

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection within one read transaction, which sees one snapshot."""
        with self._translated(), self._transaction(regard_write=False) as connection:
            yield connection

    @contextmanager
    def write(self, *, turn: Turn | tuple[Turn, ...] | None = None) -> Iterator[Connection]:
        """A connection within one write transaction, committed at the end, rolled back on an error.

        With a `turn`, or several, only one such transaction is under way at a time, over all servers, and it
        sees what those before it have written.
        """
        turns = (turn,) if isinstance(turn, Turn) else turn or ()
        with (
            self._translated(),
            self._transaction(regard_write=True, regard_turns=turns) as connection,
        ):
            yield connection

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """What one at a time does, over all servers, beside the database and not in a transaction of it.

        Who loses the connection to the database loses the hold. Raises ThrottlingException while another one
        has it for too long.
        """
        with self._translated(), self._backend.hold(name):
            yield

    @contextmanager
    def _transaction(self, **options: Any) -> Iterator[Connection]:
        with tracing.span("database write" if options["regard_write"] else "database read"):
            connection, transaction = self._begin(options)
            with connection, transaction:
                yield connection

    def _begin(self, options: dict[str, Any]) -> tuple[Connection, RootTransaction]:
        """A connection and its transaction.

        One that died since it was last used, since PostgreSQL was restarted, fails here, where nothing is
        done yet: a fresh one takes its place, without a question asked of every connection before its use.
        """
        try:
            return self._begin_once(options)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return self._begin_once(options)

    def _begin_once(self, options: dict[str, Any]) -> tuple[Connection, RootTransaction]:
        connection = self.engine.connect()
        try:
            return connection, connection.execution_options(**options).begin()
        except BaseException:
            connection.close()
            raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turns the database's own failures into errors that a client can act on."""
        try:
            yield
        except DBAPIError as error:
            failure = self._backend.failure(error)
            if failure is None:
                raise
            _log(failure, str(error.orig))
            raise failure from error
        except PoolTimeout as error:
            raise busy() from error

    def forget(self) -> None:
        """Removes what was erased from the database's own records of changes, as far as nobody reads them."""
        with self._translated():
            self._backend.forget()

    def close(self) -> None:
        self.engine.dispose()


def database_exists(folder: Path, url: str | None = None) -> bool:
    """Whether there is a database of Regard. Makes none. Raises RegardError when PostgreSQL refuses."""
    if url is None:
        return (folder / FILE).is_file()
    backend = Postgres(url, busy_seconds=BUSY_SECONDS, connections=1)
    try:
        return backend.exists()
    finally:
        backend.engine.dispose()


def _log(failure: ServiceError, reason: str) -> None:
    """Tells the operator what the client is not told. A command, which has no log, prints the failure."""
    if structlog.is_configured():
        log.error("the database failed", told=failure.message, reason=" ".join(reason.split()))
