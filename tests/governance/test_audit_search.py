"""Records of the audit log by what they say, on either database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.postgres import Place
from tests.tampering import tamper

from regard.governance import audit_search
from regard.governance.audit import AuditLog
from regard.governance.audit_search import AuditSearch, FoundRecords, RecordFilter
from regard.storage.database import Database

BEGAN = datetime(2026, 11, 30, 10, tzinfo=UTC)

Find = Callable[..., FoundRecords]


@pytest.fixture
def database(place: Place) -> Database:
    """A hundred records, one a minute, of two people in turn; every tenth on a case."""
    database = place.open()
    log = AuditLog(database)
    for n in range(100):
        log.append(
            {
                "time": (BEGAN + timedelta(minutes=n)).isoformat(timespec="milliseconds"),
                "person": ("P-1", "P-2")[n % 2],
                "operation": "SearchFaces",
                "case": "C-%_1" if n % 10 == 0 else None,
                "outcome": "ok",
                "about": {"person": "P-1"},
            }
        )
    return database


def numbers(found: FoundRecords) -> list[int]:
    return [entry[0] for entry in found.entries]


def find(database: Database, *, limit: int = 100, **asked: Any) -> FoundRecords:
    times = {name: asked.pop(name) for name in ("start", "end", "before") if name in asked}
    return AuditSearch(database).find(RecordFilter(**asked), limit=limit, **times)


def test_the_newest_come_first_and_the_search_goes_on_where_it_stopped(database: Database) -> None:
    first = find(database, limit=60)
    second = find(database, limit=60, before=first.before)
    assert numbers(first) + numbers(second) == list(range(100, 0, -1))
    assert second.before is None


def test_a_person_is_who_acted_not_who_is_named_further_inside(database: Database) -> None:
    assert numbers(find(database, person="P-2")) == list(range(100, 0, -2))


def test_signs_of_patterns_are_text(database: Database) -> None:
    assert numbers(find(database, case="C-%_1")) == list(range(91, 0, -10))
    assert numbers(find(database, case="C-%")) == []


def test_what_is_asked_must_all_hold(database: Database) -> None:
    assert numbers(find(database, case="C-%_1", person="P-1", outcome="ok")) == list(range(91, 0, -10))
    assert numbers(find(database, case="C-%_1", person="P-2")) == []


def test_a_time_has_its_beginning_and_not_its_end(database: Database) -> None:
    found = find(database, start=BEGAN + timedelta(minutes=10), end=BEGAN + timedelta(minutes=20))
    assert numbers(found) == list(range(20, 10, -1))


def test_a_log_from_which_records_were_removed_is_searched_all_the_same(database: Database) -> None:
    tamper(database, "DELETE FROM audit WHERE sequence BETWEEN 40 AND 60")
    found = find(database, start=BEGAN + timedelta(minutes=30), end=BEGAN + timedelta(minutes=70))
    assert numbers(found) == [*range(70, 60, -1), *range(39, 30, -1)]


def test_a_call_reads_a_stretch_and_says_where_it_stopped(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_search, "STRETCH", 30)
    found, before, calls = [], None, 0
    while calls == 0 or before is not None:
        answer = find(database, case="C-%_1", before=before)
        found, before, calls = found + numbers(answer), answer.before, calls + 1
    assert (found, calls) == (list(range(91, 0, -10)), 4)


def test_an_empty_log_has_nothing(place: Place) -> None:
    assert find(place.open(), person="P-1") == FoundRecords([], None)
