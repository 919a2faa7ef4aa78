"""PostgreSQL through psycopg 3: one database for several servers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError

from regard.errors import RegardError, ServiceError
from regard.storage import backend
from regard.storage.backend import Turn

_SPARE_CONNECTIONS = 16  # made when all are in use, closed after it
_CONNECTING = {
    "client_encoding": "utf8",
    "connect_timeout": 5,
    # A machine that vanished without a word is noticed in seconds, not in two hours.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "regard",
}
_SESSION = """
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SET lock_timeout = {lock_milliseconds};
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'
"""
_MIGRATION_SECONDS = 3600  # how long a server waits for another one that changes the schema

# Error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html
_BUSY = {
    "40001",  # serialization_failure
    "40P01",  # deadlock_detected
    "55P03",  # lock_not_available: also what lock_timeout says
    "57014",  # query_canceled: also what statement_timeout says
}
_UNREACHABLE = {"53300", "57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "3D000"}
_UNREACHABLE_CLASSES = {"08", "28"}  # the connection failed; the user is not let in any more
_FULL = {"53100"}
_UNWRITABLE = {"25006", "53200", "58000", "58030"}  # a standby, no memory, an error of the disk


class Postgres:
    """A database of a PostgreSQL server. Raises RegardError for a URL that is none, and without psycopg."""

    def __init__(self, url: str, *, busy_seconds: float, connections: int) -> None:
        parsed = parse_url(url)
        try:
            import psycopg
        except ImportError as error:
            raise RegardError(
                "PostgreSQL, which REGARD_DATABASE names, needs one more package: "
                "pip install 'regard[postgres]'."
            ) from error
        self._error = psycopg.Error
        self._url = parsed
        self.engine = _engine(parsed, busy_seconds, connections)

    def failure(self, error: DBAPIError) -> ServiceError | None:
        if error.connection_invalidated:
            return backend.unreachable()
        if not isinstance(error.orig, self._error):
            return None
        state = error.orig.sqlstate
        if state is None:  # libpq's own: it has no connection, or lost it
            name = type(error.orig).__name__
            return backend.unreachable() if name in ("OperationalError", "ConnectionTimeout") else None
        if state in _BUSY:
            return backend.busy()
        if state in _FULL:
            return backend.full()
        if state in _UNWRITABLE:
            return backend.unwritable()
        if state in _UNREACHABLE or state[:2] in _UNREACHABLE_CLASSES:
            return backend.unreachable()
        return None

    def refusal(self, error: DBAPIError) -> RegardError:
        # What libpq says while it connects has no code, only a text; it never holds the password.
        reason = " ".join(str(error.orig).split()).removeprefix("connection failed: ")
        name, user = self._url.database, self._url.username
        if "password authentication failed" in reason or "no password supplied" in reason:
            return RegardError(
                f"PostgreSQL does not let {user} in; check the user and the password in REGARD_DATABASE."
            )
        if f'database "{name}" does not exist' in reason:
            return RegardError(
                f"There is no database {name} in PostgreSQL; make it with `createdb {name}`, or name another "
                "one in REGARD_DATABASE."
            )
        if "permission denied for schema" in reason:
            return RegardError(
                f"{user} may not make tables in the database {name}; let {user} own it: "
                f"ALTER DATABASE {name} OWNER TO {user}."
            )
        if error.connection_invalidated or self.failure(error) is not None:
            return RegardError(f"PostgreSQL can't be reached with REGARD_DATABASE: {reason}")
        return RegardError(f"The database of REGARD_DATABASE can't be used: {reason}")

    def check(self, connection: Connection) -> None:
        encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
        if encoding != "UTF8":
            raise RegardError(
                f"The database {self._url.database} has the encoding {encoding}; make one with "
                "`createdb --encoding UTF8 --template template0`."
            )

    def exists(self) -> bool:
        """Whether Regard has been here before. Raises RegardError when PostgreSQL refuses."""
        try:
            with self.engine.connect() as connection, connection.begin():
                found = connection.exec_driver_sql("SELECT to_regclass('alembic_version')").scalar()
        except DBAPIError as error:
            raise self.refusal(error) from None
        return found is not None

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        options = {"regard_write": True, "regard_turns": (Turn.MIGRATE,)}
        with self.engine.connect() as connection, connection.execution_options(**options).begin():
            yield connection

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        with self.engine.connect() as connection, connection.execution_options(regard_write=True).begin():
            lock = select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0)))
            connection.execute(lock)
            yield

    def forget(self) -> None:
        """PostgreSQL removes what was erased when it vacuums; docs/deploy.md says what that means."""


def parse_url(text: str) -> URL:
    """The URL as SQLAlchemy has it. Raises RegardError, which never holds the text: it has a password."""
    try:
        url = make_url(text)
        if text.count("@") > 1:
            raise RegardError(
                "In REGARD_DATABASE write special characters of the user and the password as in every URL: "
                "@ is %40, / is %2F, % is %25."
            )
        if url.drivername in ("postgresql", "postgres", "postgresql+psycopg"):
            return url.set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        pass  # said below, without the text that the error holds
    raise RegardError("REGARD_DATABASE must be like postgresql://USER:PASSWORD@HOST/DATABASE.")


def _engine(url: URL, busy_seconds: float, connections: int) -> Engine:
    engine = create_engine(
        url,
        connect_args={name: value for name, value in _CONNECTING.items() if name not in url.query},
        hide_parameters=True,  # secrets and vectors have no place in a log
        use_native_hstore=False,  # looked up for every connection, and never used
        pool_size=connections,
        max_overflow=_SPARE_CONNECTIONS,
        pool_timeout=busy_seconds,
    )
    session = _SESSION.format(lock_milliseconds=round(busy_seconds * 1000))

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.autocommit = True  # transactions begin where we say
        connection.execute(session, prepare=False)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("regard_write", False):
            connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            return
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        turns = options.get("regard_turns", ())
        if Turn.MIGRATE in turns:
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_MIGRATION_SECONDS}s'")
        for turn in sorted(turns):  # in one order everywhere, so that no two wait for each other
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({int(turn)})")

    return engine
