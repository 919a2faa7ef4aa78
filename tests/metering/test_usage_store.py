"""The sums of a log, on either database: those of the records, whoever folds them and however often."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import convert
from sqlalchemy import select

from regard.governance.audit import AuditLog
from regard.metering import usage as usage_module
from regard.metering.exposition import Exposition
from regard.metering.fold import HOUR, UsageRecord, fold
from regard.metering.units import COLUMNS
from regard.metering.usage import UsageStore
from regard.storage.database import Database
from regard.storage.schema import usage, usage_jobs
from tests.postgres import Place

TIMES = ("2026-10-31T23:59:59.999+00:00", "2026-11-01T00:00:00.000+00:00", "2026-11-01T00:59:00.000+00:00")
DAY = 24 * HOUR
NOVEMBER = 1_793_491_200_000  # 2026-11-01, in ms
FOREVER = 1 << 52


def record(**changes: Any) -> dict[str, Any]:
    return {
        "time": TIMES[1],
        "key": "KEY",
        "operation": "DetectFaces",
        "collection": None,
        "purpose": "general",
        "case": None,
        "outcome": "ok",
        "milliseconds": 12.5,
        **changes,
    }


RECORDS = st.lists(
    st.one_of(
        st.just({"time": TIMES[0], "key": "local", "operation": "keys create", "subject": "KEY"}),
        st.fixed_dictionaries(
            {
                "time": st.sampled_from(TIMES),
                "key": st.sampled_from(["KEY", "OTHER"]),
                "operation": st.sampled_from(["DetectFaces", "StartFaceSearch"]),
                "collection": st.sampled_from([None, "c"]),
                "purpose": st.just("general"),
                "case": st.sampled_from([None, "case 7"]),
                "outcome": st.sampled_from(
                    ["ok", "begun", "AccessDeniedException", "InternalServerError", "interrupted"]
                ),
                "milliseconds": st.floats(0, 1e6).map(lambda number: round(number, 1)),
            },
            optional={
                "units": st.dictionaries(st.sampled_from(["image_1", "video_ms"]), st.integers(1, 10**9)),
                "stage": st.just("run"),
                "job": st.sampled_from(["a", "b", "c"]),
            },
        ),
    ),
    max_size=30,
)


@pytest.fixture
def database(place: Place) -> Database:
    return place.open()


def written(database: Database, *records: dict[str, Any]) -> UsageStore:
    log = AuditLog(database)
    for one in records:
        log.append(one)
    return UsageStore(database, log)


def tables(database: Database) -> tuple[list[Any], list[Any]]:
    """All that the fold keeps."""
    with database.read() as connection:
        keys = list(usage.primary_key.columns)
        return (
            list(map(tuple, connection.execute(select(usage).order_by(*keys)))),
            list(map(tuple, connection.execute(select(usage_jobs).order_by(usage_jobs.c.job_id)))),
        )


def sum_of(store: UsageStore, **options: Any) -> dict[str, int]:
    total: Counter[str] = Counter()
    for one in store.listed(0, FOREVER, by="operation", **options):
        total.update(one.sums)
    return {name: count for name, count in total.items() if count}


@given(records=RECORDS, stops=st.sets(st.integers(0, 29)), page=st.integers(1, 40))
@settings(max_examples=40)
def test_a_rebuild_gives_what_following_has_given(
    records: list[dict[str, Any]], stops: set[int], page: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(usage_module, "_PAGE", page)
        patch.setattr(usage_module, "_PAGES", 2)
        database = Database.open(Path(folder))
        log = AuditLog(database)
        store = UsageStore(database, log)
        for place, one in enumerate(records):
            log.append(one)
            if place in stops:
                store.follow()
        store.follow()
        followed = tables(database)
        assert store.rebuild() == len(records)
        assert tables(database) == followed
        at_once = fold(convert(records, list[UsageRecord]), set())
        assert len(followed[0]) == len(at_once)
        for name in COLUMNS:
            assert sum(one[name] for one in at_once.values()) == sum_of(store).get(name, 0)
        database.close()


def test_refused_and_failed_requests_are_counted_as_such(database: Database) -> None:
    store = written(
        database,
        record(units={"image_2": 1}),
        record(outcome="AccessDeniedException"),
        record(outcome="InternalServerError"),
        record(outcome="begun"),
    )
    store.follow()
    counts = {"image_2": 1, "requests": 3, "refused": 1, "errors": 1, "work_us": 37_500}
    assert sum_of(store) == counts


def test_records_of_earlier_versions_count_requests_and_no_images(database: Database) -> None:
    store = written(database, record(), record(operation="IndexFaces", results={"FaceRecords": 1}))
    store.follow()
    assert sum_of(store) == {"requests": 2, "work_us": 25_000}


def test_prometheus_reads_the_sums(database: Database) -> None:
    log = AuditLog(database)
    log.append(record(milliseconds=1500, units={"image_1": 2}))
    text = Exposition(database, UsageStore(database, log)).text().decode()
    asked = 'operation="DetectFaces",purpose="general"'
    assert f"regard_work_seconds_total{{{asked}}} 1.5\n" in text
    assert f'regard_images_total{{group="1",{asked}}} 2.0\n' in text


def test_the_work_of_a_job_that_is_recorded_twice_is_counted_once(database: Database) -> None:
    done = record(stage="run", job="j", units={"video_ms": 60_000})
    store = written(database, record(job="j"), done)
    store.follow()
    AuditLog(database).append(done)  # its worker died between the record and the end
    store.follow()
    assert (sum_of(store)["video_ms"], sum_of(store)["requests"]) == (60_000, 1)


def test_sums_are_listed_by_whatever_is_asked_for_between_two_hours(database: Database) -> None:
    store = written(
        database,
        record(time=TIMES[0], key="A", units={"image_1": 1}),
        record(time=TIMES[1], key="B", collection="c", case="case 7", units={"image_1": 2}),
        record(time=TIMES[2], key="A", purpose="law-enforcement", units={"image_2": 4}),
    )
    store.follow()

    def images(by: str, start: int = 0, **options: Any) -> dict[str, int]:
        found = store.listed(start, NOVEMBER + DAY, by=by, **options)
        return {one.name: one.sums["image_1"] + one.sums["image_2"] for one in found}

    assert images("key") == {"A": 5, "B": 2}
    assert images("key", NOVEMBER) == {"A": 4, "B": 2}
    assert images("operation", key_id="A") == {"DetectFaces": 5}
    assert images("collection") == {"": 5, "c": 2}
    assert images("case") == {"": 5, "case 7": 2}
    assert images("purpose") == {"general": 3, "law-enforcement": 4}
    assert images("day") == {str(NOVEMBER - DAY): 1, str(NOVEMBER): 6}
    assert store.beginning() == NOVEMBER - HOUR


def test_several_servers_that_follow_at_once_count_each_record_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage_module, "_PAGE", 7)
    monkeypatch.setattr(usage_module, "_PAGES", 1)
    database = place.open()
    written(database, *(record(units={"image_2": 1}) for _ in range(100)))
    stores = [UsageStore(one, AuditLog(one)) for one in (place.open() for _ in range(4))]
    with ThreadPoolExecutor(4) as threads:
        folded = sum(threads.map(lambda store: store.follow(), stores))
    assert (folded, sum_of(stores[0])["image_2"]) == (100, 100)


def test_records_with_units_and_without_are_one_unbroken_chain(database: Database) -> None:
    log = AuditLog(database)
    for one in (record(), record(units={"image_1": 1}), record()):
        log.append(one)
    assert log.verify().sequence == 3
    texts = [text for _, text, _ in log.page(after=0, limit=9)]
    assert ["units" in json.loads(text) for text in texts] == [False, True, False]


def test_names_that_are_one_once_they_are_cut_are_added_up(database: Database) -> None:
    long = "x" * 300
    store = written(database, record(collection=long), record(collection=long + "y"), record(collection=""))
    store.follow()
    assert {one.name: one.sums["requests"] for one in store.listed(0, FOREVER, by="collection")} == {
        "x" * 256: 2,
        "": 1,
    }
