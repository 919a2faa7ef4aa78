"""The stream processors of either database."""

from __future__ import annotations

import pytest
from tests.contracts.streams.made import Timer
from tests.postgres import Place

from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.streams.events import StreamEvents
from regard.streams.leases import StreamLeases
from regard.streams.store import StreamStore


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


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
def events(database: Database, place: Place, timer: Timer) -> StreamEvents:
    return StreamEvents(database, Cipher(place.folder), clock=timer)
