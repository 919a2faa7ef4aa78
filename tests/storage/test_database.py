from __future__ import annotations

import os
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from tests.postgres import Place
from tests.storage.filled import ROWS, fill, rows_of

from regard.errors import RegardError
from regard.storage.database import Database
from regard.storage.schema import metadata


def test_the_migrations_make_the_schema(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_opening_again_keeps_every_row_of_every_table(place: Place) -> None:
    with place.open().write() as connection:
        fill(connection)
        before = rows_of(connection)
    assert {name for name, rows in before.items() if len(rows) >= ROWS} == set(metadata.tables)
    with place.open().read() as connection:
        assert rows_of(connection) == before


def test_only_the_owner_can_read_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    Database.open(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "regard.db").stat().st_mode) == 0o600


def test_commits_are_on_disk_when_they_are_answered(tmp_path: Path) -> None:
    database = Database.open(tmp_path)
    with database.read() as connection:
        assert connection.exec_driver_sql("pragma journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("pragma synchronous").scalar() == 2  # FULL


def test_a_newer_database_is_left_alone_and_says_so(tmp_path: Path) -> None:
    Database.open(tmp_path).close()
    with sqlite3.connect(tmp_path / "regard.db") as raw:
        raw.execute("update alembic_version set version_num = 'future'")
    raw.close()
    with pytest.raises(RegardError, match="newer version"):
        Database.open(tmp_path)


def test_a_folder_that_is_a_file_is_refused_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(RegardError, match="can't be used"):
        Database.open(file)


def test_a_file_that_is_no_database_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "regard.db").write_bytes(os.urandom(8192))
    with pytest.raises(RegardError, match="not a database"):
        Database.open(tmp_path)


def test_an_erasure_waits_only_briefly_for_a_long_reader(tmp_path: Path) -> None:
    database = Database.open(tmp_path, busy_seconds=600)
    with database.read() as reader:
        reader.exec_driver_sql("select count(*) from faces").scalar()
        with database.write() as connection:
            connection.exec_driver_sql("insert into tags values ('a', 'b', 'c')")
        started = time.monotonic()
        database.forget()
        assert time.monotonic() - started < 60
    database.forget()
    assert (tmp_path / "regard.db-wal").stat().st_size == 0


def test_threads_that_open_one_database_at_once_all_have_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as executor:
        databases = list(executor.map(lambda _: Database.open(tmp_path), range(8)))
    for database in databases:
        database.close()
