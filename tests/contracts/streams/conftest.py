"""The stream processors of either database, which the tests of a module share: each finds it empty."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.contracts.streams.made import Timer
from tests.postgres import Cluster, Place

from regard.resources.tags import remove_tags
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import stream_events, stream_notices, stream_processors, stream_sightings
from regard.streams.events import StreamEvents
from regard.streams.leases import StreamLeases
from regard.streams.store import StreamStore, resource


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def shared_place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("streams") / "data"
    if request.param == "sqlite":
        place = Place(folder, None)
        yield place
        place.close()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    url = cluster.make_database()
    place = Place(folder, url)
    yield place
    place.close()
    cluster.drop_database(url)


@pytest.fixture(scope="module")
def databases(shared_place: Place) -> list[Database]:
    """The database as three processes have it."""
    return [shared_place.open() for _ in range(3)]


@pytest.fixture
def database(databases: list[Database]) -> Database:
    first = databases[0]
    with first.write() as connection:
        for name in connection.execute(stream_processors.select()).mappings():
            remove_tags(connection, resource(name["name"]))
        for table in (stream_notices, stream_sightings, stream_events, stream_processors):
            connection.execute(table.delete())
    return first


@pytest.fixture
def store(database: Database) -> StreamStore:
    return StreamStore(database)


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def leases(database: Database, timer: Timer) -> StreamLeases:
    return StreamLeases(database, clock=timer)


@pytest.fixture
def cipher(shared_place: Place) -> Cipher:
    return Cipher(shared_place.folder)


@pytest.fixture
def events(database: Database, cipher: Cipher, timer: Timer) -> StreamEvents:
    return StreamEvents(database, cipher, clock=timer)
