"""A log in a database, and its seals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.postgres import Place

from regard.governance.audit import AuditLog
from regard.governance.proof.seals import Seals
from regard.storage.database import Database

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)

Write = Callable[..., None]


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


@pytest.fixture
def log(database: Database) -> AuditLog:
    return AuditLog(database)


@pytest.fixture
def seals(place: Place, database: Database, log: AuditLog) -> Seals:
    return Seals(database, log, place.folder)


@pytest.fixture
def write(log: AuditLog) -> Write:
    """Writes a record of some time."""

    def record(at: datetime, **facts: Any) -> None:
        log.append({"time": at.isoformat(timespec="milliseconds"), **facts})

    return record
