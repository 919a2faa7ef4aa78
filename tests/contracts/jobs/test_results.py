"""What jobs have found, on either database: page by page, in order, and erased in time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update
from tests.contracts.jobs.made import (
    FOUND,
    item,
    new_job,
    numbers,
    step,
    take,
)

from regard.jobs.leases import JobLeases
from regard.jobs.records import Item, Status
from regard.jobs.store import JobStore
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import job_items, jobs


def test_what_has_expired_is_gone_with_all_it_found(database: Database, leases: JobLeases) -> None:
    store = JobStore(database, days=7)
    old, running = store.start(new_job()), store.start(new_job())
    lease = take(leases)
    leases.commit(lease, step(item(1), item(2)))
    leases.finish(lease, Status.SUCCEEDED)
    found = store.find(old.job_id)
    assert found is not None
    assert found.expires is not None
    assert found.finished is not None
    assert found.expires - found.finished == 7 * 24 * 3600 * 1000
    assert store.prune() == 0
    with database.write() as connection:
        connection.execute(update(jobs).where(jobs.c.row == old.row).values(expires=milliseconds()))
    assert store.find(old.job_id) is None
    assert [job.job_id for job in store.page(limit=9)] == [running.job_id]
    assert store.prune() == 1
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(job_items)).scalar() == 0


def test_what_a_process_that_died_left_of_a_failed_job_is_removed(
    database: Database, store: JobStore, leases: JobLeases, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = store.start(new_job())
    lease = take(leases)
    leases.commit(lease, step(*(item(n) for n in range(11))))
    with monkeypatch.context() as dying:
        dying.setattr(JobStore, "erase_items", lambda *_: None)
        leases.finish(lease, Status.FAILED, "a reason")
    monkeypatch.setattr("regard.jobs.store._ERASED_AT_ONCE", 5)
    assert store.prune() == 1
    assert store.prune() == 0
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(job_items)).scalar() == 0
    found = store.find(job.job_id)
    assert found is not None
    assert (found.status, found.message) == ("FAILED", "a reason")


def test_jobs_are_listed_newest_first_page_by_page(store: JobStore) -> None:
    started = [store.start(new_job()).job_id for _ in range(5)]
    seen: list[str] = []
    before = None
    while page := store.page(before=before, limit=2):
        seen += [job.job_id for job in page]
        before = page[-1].row
    assert seen == started[::-1]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=FOUND, cut=st.integers(0, 12), size=st.integers(1, 5), by_key=st.booleans())
def test_pages_hold_every_item_once_in_order(
    store: JobStore, leases: JobLeases, found: list[tuple[int, str, str]], cut: int, size: int, by_key: bool
) -> None:
    job = store.start(new_job())
    lease = take(leases)
    items = [item(*one) for one in found]
    leases.commit(lease, step(*items[:cut]))
    leases.commit(lease, step(*items[cut:]))
    leases.finish(lease, Status.SUCCEEDED)
    numbered = list(enumerate(items))

    def order(one: tuple[int, Item]) -> Sequence[Any]:
        number, what = one
        return (what.key.encode() if by_key else b"", what.timestamp, number)

    for view in ("", "A"):
        expected = sorted((one for one in numbered if one[1].view == view), key=order)
        seen: list[tuple[int, Item]] = []
        while page := store.items(
            job, view=view, by_key=by_key, after=seen[-1][0] if seen else None, limit=size
        ):
            seen += page
        assert seen == expected


def test_long_keys_are_stored_and_sorted(store: JobStore, leases: JobLeases) -> None:
    job = store.start(new_job())
    leases.commit(take(leases), step(item(1, "é" * 4000), item(2, "z" * 4000)))
    assert numbers(store, job.job_id, by_key=True) == [1, 0]


def test_a_page_of_many_results_is_found_by_an_index(database: Database, store: JobStore) -> None:
    if database.engine.dialect.name != "sqlite":
        pytest.skip("what PostgreSQL plans depends on its statistics")
    with database.read() as connection:
        for order in ("timestamp, number", '"key", timestamp, number'):
            query = f"select * from job_items where job = 1 and view = '' order by {order}"  # noqa: S608
            plan = connection.exec_driver_sql(f"explain query plan {query}").all()
            assert "USING INDEX" in plan[0][-1]
            assert "TEMP B-TREE" not in str(plan)
