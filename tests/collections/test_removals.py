"""The log of erased vectors, on either database: long enough for every index, and no longer."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert, select

from regard.collections import changes
from regard.collections.changes import Space, log_removals
from regard.collections.store import find_collection, insert_collection
from regard.storage.database import Database
from regard.storage.schema import engine_positions, removals
from tests.postgres import Place


@pytest.fixture
def database(place: Place, monkeypatch: pytest.MonkeyPatch) -> Database:
    """One that keeps ten removals."""
    monkeypatch.setattr(changes, "KEPT_REMOVALS", 10)
    monkeypatch.setattr(changes, "_PRUNED_AFTER", 1)
    database = place.open()
    with database.write() as connection:
        for name in ("c", "d"):
            insert_collection(connection, name, "1")
    return database


def erase(database: Database, name: str, count: int) -> None:
    with database.write() as connection:
        log_removals(connection, find_collection(connection, name).row, Space.FACES, list(range(count)))


def kept(database: Database) -> list[int]:
    with database.read() as connection:
        return list(connection.execute(select(removals.c.sequence).order_by(removals.c.sequence)).scalars())


def feed(connection: Connection, name: str, removal: int, *, behind: bool) -> None:
    """An engine has followed a collection to a removal."""
    collection = find_collection(connection, name)
    fed = {"collection": collection.row, "space": "faces", "name": name, "vector": 0, "removal": removal}
    connection.execute(insert(engine_positions).values(fed | {"version": collection.version - behind}))


def test_the_last_removals_are_kept_of_whatever_collection(database: Database) -> None:
    erase(database, "c", 4)
    erase(database, "d", 6)
    assert kept(database) == list(range(1, 11))
    erase(database, "c", 5)
    assert kept(database) == list(range(6, 16))
    erase(database, "d", 30)
    assert kept(database) == list(range(36, 46))


def test_no_erasure_removes_more_than_some_of_them(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    erase(database, "c", 10)
    monkeypatch.setattr(changes, "_PRUNED", 2)  # beside the first
    for count in (10, 1, 1, 1):
        erase(database, "c", count)
    assert kept(database) == list(range(13, 24))


def test_removals_are_forgotten_when_there_are_many_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "_PRUNED_AFTER", 16)
    for _ in range(15):
        erase(database, "c", 1)
    assert kept(database) == list(range(1, 16))
    erase(database, "c", 1)
    assert kept(database) == list(range(7, 17))
    erase(database, "c", 30)
    assert kept(database) == list(range(37, 47))


def test_what_an_engine_has_yet_to_follow_is_kept(database: Database) -> None:
    erase(database, "c", 10)
    with database.write() as connection:
        feed(connection, "c", 3, behind=True)
        feed(connection, "d", 1, behind=False)
    erase(database, "d", 20)
    assert kept(database) == list(range(4, 31))
