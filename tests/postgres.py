"""Databases for the tests: SQLite in a folder, and a real PostgreSQL server of the tests' own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from regard.storage.database import Database

PASSWORD = "s3cret-of-the-tests"
_TEMPLATE = "regard_template"


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
        self._port = _free_port()
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

    def sql(self, statement: str, name: str = "postgres") -> list[tuple[object, ...]]:
        """Runs a statement as the superuser, outside a transaction."""
        import psycopg

        with psycopg.connect(self.url(name, user="postgres"), autocommit=True) as connection:
            cursor = connection.execute(statement)
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
