"""Databases for the tests: SQLite in a folder, and a real PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from regard.storage.database import Database

PASSWORD = "s3cret-of-the-tests"
_TEMPLATE = "regard_template"
# The tables that have rows: query_to_xml runs a statement made of each table's name.
_FILLED = """
    SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' AND query_to_xml(
        format('SELECT EXISTS (SELECT FROM %I) AS found', tablename), false, true, '')::text LIKE '%>true<%'
"""
# One line of what a migration can change, and where each sequence stands.
_SCHEMA = """
    SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
        SELECT concat_ws(' ', attrelid::regclass, attname, atttypid, attnotnull) AS line FROM pg_attribute
            JOIN pg_class ON attrelid = pg_class.oid
            WHERE relnamespace = 'public'::regnamespace AND attnum > 0
        UNION ALL SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
            WHERE NOT tgisinternal
        UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT concat_ws(' ', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT concat_ws(' ', sequencename, last_value) FROM pg_sequences
    ) AS lines
"""


def find_programs() -> Path | None:
    """The folder of `initdb` and `pg_ctl`, or None where PostgreSQL is not installed."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    on_path = shutil.which("initdb")
    folders = [*reversed(debian), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in folders if (folder / "pg_ctl").is_file()), None)


class Cluster:
    """One PostgreSQL server on a free port of 127.0.0.1, with the user `regard`, who is no superuser."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        # PostgreSQL refuses to run as root, and its user could not enter pytest's folders.
        self._user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        self._folder = Path(tempfile.mkdtemp(prefix="regard-postgres-"))
        if self._user:
            shutil.chown(self._folder, "postgres", "postgres")
        self._port = free_port()
        password = self._folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._run(
            "initdb", "--pgdata", str(self._data), "--username", "postgres", "--auth", "scram-sha-256",
            "--pwfile", str(password), "--encoding", "UTF8", "--no-locale",
        )  # fmt: skip
        self.start()
        self.sql(f"CREATE ROLE regard LOGIN PASSWORD '{PASSWORD}'")
        self._has_template = False
        self._ready: list[str] = []

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            **self._user,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stdout}")

    def start(self) -> None:
        options = f"-p {self._port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self._folder}"
        self._run(
            "pg_ctl", "start", "--wait", "--pgdata", str(self._data), "--log", str(self._folder / "log"),
            "--options", options,
        )  # fmt: skip

    def start_again(self) -> None:
        """Starts it where a test that failed has left it stopped."""
        import psycopg

        try:
            self.sql("SELECT 1")
        except psycopg.OperationalError:
            self.start()

    def stop(self, how: str = "fast") -> None:
        """`fast` closes every connection; `immediate` is a crash."""
        self._run("pg_ctl", "stop", "--wait", "--mode", how, "--pgdata", str(self._data))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Meanwhile it answers nobody, and refuses nobody."""
        main = (self._data / "postmaster.pid").read_text().split()[0]
        subprocess.run(["pkill", "-STOP", "-P", main], check=True)
        os.kill(int(main), signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(int(main), signal.SIGCONT)
            subprocess.run(["pkill", "-CONT", "-P", main], check=True)

    def url(self, name: str, *, user: str = "regard", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self._port}/{name}"

    def sql(
        self, statement: str, name: str = "postgres", *, values: Sequence[object] | None = None
    ) -> list[tuple[object, ...]]:
        """Runs a statement as the superuser, outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(name, user="postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def make_database(self, *, empty: bool = False, disk: Path | None = None) -> str:
        """The URL of a new database, at the newest schema unless it is to be empty, its tables on `disk`."""
        name = f"regard_{uuid.uuid4().hex[:12]}"
        if empty:
            self.sql(f"CREATE DATABASE {name} OWNER regard")
            return self.url(name)
        if not self._has_template:
            self.sql(f"CREATE DATABASE {_TEMPLATE} OWNER regard")
            Database.open(self._folder / "unused", self.url(_TEMPLATE)).close()
            self._has_template = True
        where = "" if disk is None else f" TABLESPACE {self._make_tablespace(disk, name)}"
        self.sql(f"CREATE DATABASE {name} OWNER regard TEMPLATE {_TEMPLATE}{where}")
        return self.url(name)

    def _make_tablespace(self, disk: Path, name: str) -> str:
        folder = disk / name
        folder.mkdir()
        if self._user:
            shutil.chown(folder, "postgres", "postgres")
        self.sql(f"CREATE TABLESPACE {name} LOCATION '{folder}'")
        return name

    def lend_database(self) -> str:
        """The URL of a database that is as a new one: copying one costs a fifth of a second of a core."""
        return self._ready.pop() if self._ready else self.make_database()

    def take_back(self, url: str) -> None:
        """Empties a database that was lent, or drops it where more than its rows was changed."""
        name = url.rsplit("/", 1)[1]
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", values=[name])
        changed = [table for (table,) in self.sql(_FILLED, name) if table not in self._filled_when_new]
        if changed:
            # The log's rows are protected by triggers, which a replica's session doesn't run.
            emptying = f"TRUNCATE {', '.join(map(str, changed))} RESTART IDENTITY CASCADE"
            self.sql(f"SET session_replication_role = replica; {emptying}", name)
        if self._looks(name) == self._new:
            self._ready.append(url)
        else:
            self.drop_database(url)

    @cached_property
    def _filled_when_new(self) -> list[object]:
        return sorted(table for (table,) in self.sql(_FILLED, _TEMPLATE))

    @cached_property
    def _new(self) -> list[tuple[object, ...]]:
        return self._looks(_TEMPLATE)

    def _looks(self, name: str) -> list[tuple[object, ...]]:
        """What all databases have in common that are as new ones: the schema, and the rows it comes with."""
        rows = [f"SELECT {table}::text FROM {table} ORDER BY 1" for table in self._filled_when_new]  # noqa: S608
        return [row for statement in (_SCHEMA, *rows) for row in self.sql(statement, name)]

    def drop_database(self, url: str) -> None:
        name = url.rsplit("/", 1)[1]
        self.sql(f"DROP DATABASE {name} WITH (FORCE)")
        self.sql(f"DROP TABLESPACE IF EXISTS {name}")

    def remove(self) -> None:
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self._folder)


class Place:
    """A data folder and its database; every connection of the test's is closed with it."""

    def __init__(self, folder: Path, url: str | None) -> None:
        self.folder = folder
        self.url = url
        self._opened: list[Database] = []

    def open(self, **options: float) -> Database:
        """The database as one more process has it."""
        database = Database.open(self.folder, self.url, **options)
        self._opened.append(database)
        return database

    def close(self) -> None:
        for database in self._opened:
            database.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
