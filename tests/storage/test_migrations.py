"""What a database holds that an older version made is there at the newest schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import alembic.command
import alembic.config
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, insert, select, text
from tests.postgres import Cluster, Place
from tests.storage.filled import ROWS, example, fill, rows_of, tables_of

from regard.caller import Caller
from regard.errors import IdempotentParameterMismatchException
from regard.jobs.records import NewJob, Status, write_caller
from regard.jobs.store import JobStore
from regard.resources.request_tokens import IdempotentRequest, earlier_answer
from regard.storage.backend import BUSY_SECONDS, Backend
from regard.storage.clock import milliseconds
from regard.storage.postgres import Postgres
from regard.storage.schema import job_items, jobs, metadata, request_tokens
from regard.storage.schema_state import MIGRATIONS
from regard.storage.sqlite import Sqlite

DAY = 24 * 60 * 60 * 1000
REVISIONS = sorted(script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions())
# On PostgreSQL each takes seconds: the oldest, one between and the newest stand for the rest every day.
DAILY = {REVISIONS[0], REVISIONS[len(REVISIONS) // 2], REVISIONS[-1]}
FILLED = [
    pytest.param(kind, revision, marks=() if kind == "sqlite" or revision in DAILY else pytest.mark.slow)
    for revision in REVISIONS
    for kind in ("sqlite", "postgresql")
]
# What is not where it was: the log of changes began anew, and tokens have a table of their own.
GONE = {"changes": None, "requests": None, "jobs": {"token", "digest"}}


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """Where there is no table yet."""
    folder = tmp_path / "data"
    folder.mkdir()
    if request.param == "sqlite":
        place = Place(folder, None)
        yield place
        place.close()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.make_database(empty=True)
    place = Place(folder, url)
    yield place
    place.close()
    cluster.drop_database(url)


@contextmanager
def at(place: Place, revision: str) -> Iterator[Connection]:
    """The database as the version of that schema had it, to put rows into."""
    backend: Backend
    if place.url is None:
        backend = Sqlite(place.folder, busy_seconds=BUSY_SECONDS)
    else:
        backend = Postgres(place.url, busy_seconds=BUSY_SECONDS, connections=1)
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with backend.migration() as connection:
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)
        yield connection
    backend.engine.dispose()


def put(connection: Connection, name: str, **values: Any) -> None:
    """A row with these values, and 1 in all other columns but those that may be empty."""
    table = tables_of(connection)[name]
    needed = {
        column.name: example(column, 1)
        for column in table.columns
        if not (column.nullable or column.primary_key or column.server_default)
    }
    connection.execute(insert(table).values(needed | values))


def without(name: str, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    gone = GONE.get(name) or set()
    return [{column: value for column, value in row.items() if column not in gone} for row in rows]


@pytest.mark.parametrize(("place", "revision"), FILLED, indirect=["place"])
def test_every_row_of_every_older_schema_is_kept(place: Place, revision: str) -> None:
    with at(place, revision) as connection:
        fill(connection)
        before = rows_of(connection)
    with place.open().read() as connection:
        after = rows_of(connection)
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    kept = {name: rows for name, rows in before.items() if GONE.get(name, "") is not None}
    assert all(len(rows) >= ROWS for rows in kept.values())
    for name, rows in kept.items():
        columns = without(name, rows)
        assert [{name: row[name] for name in columns[0]} for row in after[name]] == columns


def test_what_belongs_to_a_job_still_goes_with_it(place: Place) -> None:
    with at(place, "0006") as connection:
        fill(connection)
    with place.open().write() as connection:
        connection.execute(jobs.delete().where(jobs.c.row == 1))
        assert connection.execute(select(job_items.c.job)).scalars().all() == [2, 3]
        if connection.dialect.name == "sqlite":
            assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []


def test_the_row_number_of_a_job_that_is_gone_is_not_given_again(place: Place) -> None:
    with at(place, "0006") as connection:
        for job_id in ("a", "b"):
            put(connection, "jobs", job_id=job_id, request="{}", caller="{}")
        connection.execute(text("DELETE FROM jobs WHERE job_id = 'b'"))
    started = JobStore(place.open()).start(NewJob("start_face_detection", {}, "r", Caller("K", "k", "admin")))
    assert started.row == 3


def test_a_job_s_token_starts_no_second_one(place: Place) -> None:
    request = {"JobTag": "a"}
    caller = Caller("K", "k", "operator")
    new = NewJob("start_face_detection", request | {"ClientRequestToken": "t"}, "r", caller)
    with at(place, "0006") as connection:
        put(
            connection,
            "jobs",
            job_id="a",
            operation=new.operation,
            request=json.dumps(new.request),
            key_id="K",
            caller=write_caller(caller),
            token="t",
            digest=digest_of(request),
            status=Status.IN_PROGRESS.value,
        )
    store = JobStore(place.open())
    assert store.start(new).job_id == "a"
    with pytest.raises(IdempotentParameterMismatchException):
        store.start(replace(new, request=new.request | {"JobTag": "b"}))
    assert store.start(replace(new, caller=Caller("L", "l", "operator"))).job_id != "a"


def test_a_request_about_users_is_answered_as_before_for_a_day(place: Place) -> None:
    now = milliseconds()
    parameters = {"CollectionId": "c", "UserId": "ann"}
    with at(place, "0006") as connection:
        put(connection, "keys", key_id="K")
        put(connection, "collections", row=7, collection_id="c")
        put(connection, "collections", row=8, collection_id="d")
        shared = {"operation": "create_user", "digest": digest_of(parameters)}
        for collection, token, age, answer in (
            (7, "fresh", DAY - 60_000, {"n": 1}),
            (7, "old", DAY + 1, {"n": 2}),
            (8, "twice", 2000, {"n": 3}),
            (7, "twice", 1000, {"n": 4}),
        ):
            row = {"collection": collection, "token": token, "created": now - age}
            put(connection, "requests", response=json.dumps(answer), **row, **shared)

    def answer(key_id: str, token: str) -> dict[str, Any] | None:
        request = IdempotentRequest(key_id, "create_user", token, parameters)
        with database.read() as connection:
            return earlier_answer(connection, request)

    database = place.open()
    assert [answer(key_id, "fresh") for key_id in ("K", "local", "other")] == [{"n": 1}, {"n": 1}, None]
    assert answer("K", "old") is None
    assert answer("K", "twice") == {"n": 4}
    with database.read() as connection:
        kept = connection.execute(select(request_tokens.c.resource, request_tokens.c.expires)).all()
    assert {resource for resource, _ in kept} == {"collection/c"}
    assert all(now < expires <= now + DAY for _, expires in kept)


def digest_of(parameters: dict[str, Any]) -> str:
    """As older versions made it, too."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
