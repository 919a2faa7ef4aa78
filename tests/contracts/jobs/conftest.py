"""The jobs of either database."""

from __future__ import annotations

import pytest
from tests.postgres import Place

from regard.jobs.leases import JobLeases
from regard.jobs.store import JobStore
from regard.storage.database import Database


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


@pytest.fixture
def store(database: Database) -> JobStore:
    return JobStore(database)


@pytest.fixture
def leases(store: JobStore) -> JobLeases:
    return JobLeases(store)
