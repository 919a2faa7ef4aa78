"""What anybody reads is counted by the hour, and no count is lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from regard.errors import ServiceError
from regard.governance.audit import AuditLog
from regard.governance.public_reads import PublicReads
from regard.storage.database import Database

BEGAN = datetime(2026, 11, 30, 10, 59, tzinfo=UTC)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path)
    yield opened
    opened.close()


def written(database: Database) -> list[tuple[str, dict[str, int]]]:
    return [(one["subject"], one["counts"]) for one in AuditLog(database).export()]


def rename(database: Database, before: str, after: str) -> None:
    with database.write() as connection:
        connection.execute(text(f"ALTER TABLE {before} RENAME TO {after}"))


def test_an_hour_s_counts_are_written_with_the_first_read_of_the_next(database: Database) -> None:
    now = BEGAN
    reads = PublicReads(AuditLog(database), clock=lambda: now)
    for operation in ("GetAuditHead", "GetAuditHead", "GetNotice"):
        reads.count(operation)
    assert written(database) == []
    now += timedelta(hours=1)
    reads.count("GetNotice")
    assert written(database) == [("2026-11-30T10", {"GetAuditHead": 2, "GetNotice": 1})]


def test_counts_that_could_not_be_written_are_written_later_for_their_hour(database: Database) -> None:
    now = BEGAN
    reads = PublicReads(AuditLog(database), clock=lambda: now)
    reads.count("GetAuditHead")
    now += timedelta(hours=1)
    rename(database, "audit", "away")
    with pytest.raises((ServiceError, SQLAlchemyError)):
        reads.count("GetAuditHead")
    rename(database, "away", "audit")
    reads.close()
    assert written(database) == [
        ("2026-11-30T10", {"GetAuditHead": 1}),
        ("2026-11-30T11", {"GetAuditHead": 1}),
    ]
