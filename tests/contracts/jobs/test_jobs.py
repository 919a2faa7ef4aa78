"""Jobs, on either database: one worker at a time, nothing twice, nothing lost, whoever dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import func, select, update
from tests.contracts.jobs.made import (
    TOPIC,
    VIDEO,
    item,
    lapse,
    new_job,
    numbers,
    step,
    take,
    with_token,
)
from tests.postgres import Place

from regard.caller import Caller
from regard.errors import IdempotentParameterMismatchException, LimitExceededException
from regard.jobs.leases import JobLeases, LeaseLost
from regard.jobs.notices import JobNotices
from regard.jobs.records import Item, Status
from regard.jobs.store import CANCELLED, JobStore
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import jobs, request_tokens


def test_a_job_comes_back_as_it_was_started(store: JobStore) -> None:
    caller = Caller("K", "eve", "operator", {"Version": "2012-10-17", "Statement": []}, "media")
    new = new_job(
        caller=caller, case="7", collection_id="c", purpose="media", threshold=91.5,
        request=VIDEO | {"JobTag": "tag"},
    )  # fmt: skip
    job = store.start(new)
    assert store.find(job.job_id) == job
    assert len(job.job_id) == 64
    assert int(job.job_id, 16) > 0
    assert (job.status, job.progress, job.found, job.facts, job.state) == ("IN_PROGRESS", 0, 0, {}, None)
    assert (job.caller, job.case, job.collection_id, job.purpose) == (caller, "7", "c", "media")
    assert (job.threshold, job.tag, job.request) == (91.5, "tag", VIDEO | {"JobTag": "tag"})


def test_a_token_starts_one_job_however_often_it_comes(place: Place) -> None:
    stores = [JobStore(place.open(), limit=2) for _ in range(2)]
    new = new_job(request=with_token("t"))
    with ThreadPoolExecutor(8) as executor:
        started = list(
            executor.map(lambda n: stores[n % 2].start(new_job(request=with_token("t"))).job_id, range(8))
        )
    assert len(set(started)) == 1
    other = Caller("K", "eve", "operator")
    assert stores[0].start(replace(new, caller=other)).job_id not in started


def test_a_token_with_other_parameters_is_refused(store: JobStore) -> None:
    store.start(new_job(request=with_token("t")))
    with pytest.raises(IdempotentParameterMismatchException):
        store.start(new_job(request=with_token("t", JobTag="other")))
    with pytest.raises(IdempotentParameterMismatchException):
        store.earlier(new_job(request=with_token("t", JobTag="other")))
    assert store.earlier(new_job(request=with_token("u"))) is None


def test_a_token_starts_another_job_once_the_first_is_forgotten(store: JobStore, leases: JobLeases) -> None:
    new = new_job(request=with_token("t"))
    first = store.start(new)
    leases.finish(take(leases), Status.SUCCEEDED)
    assert store.start(new).job_id == first.job_id
    with store.database.write() as connection:
        for table in (jobs, request_tokens):
            connection.execute(update(table).values(expires=table.c.expires - store.kept))
    second = store.start(new)
    assert second.job_id != first.job_id
    store.prune()
    assert store.start(new).job_id == second.job_id


def test_what_is_pruned_takes_its_token_along(store: JobStore) -> None:
    store.cancel(store.start(new_job(request=with_token("t"))))
    with store.database.write() as connection:
        connection.execute(update(jobs).values(expires=milliseconds() - 1))
    store.prune()
    with store.database.read() as connection:
        assert connection.execute(select(request_tokens)).all() == []


def test_no_more_jobs_are_under_way_than_may_be(place: Place) -> None:
    stores = [JobStore(place.open(), limit=3) for _ in range(2)]

    refused: list[str] = []

    def start(n: int) -> bool:
        try:
            stores[n % 2].start(new_job(), account="123456789012")
        except LimitExceededException as error:
            refused.append(error.message)
            return False
        return True

    with ThreadPoolExecutor(8) as executor:
        assert sum(executor.map(start, range(8))) == 3
    assert set(refused) == {"3 open Jobs for User 123456789012. Maximum limit: 3"}
    leases = JobLeases(stores[0])
    leases.finish(take(leases), Status.SUCCEEDED)
    assert start(0)


def test_a_job_is_given_to_one_worker(place: Place, store: JobStore) -> None:
    for _ in range(5):
        store.start(new_job())
    workers = [JobLeases(JobStore(place.open())) for _ in range(2)]
    with ThreadPoolExecutor(8) as executor:
        taken = list(executor.map(lambda n: workers[n % 2].take(str(n)), range(16)))
    rows = [lease.job.row for lease in taken if lease is not None]
    assert len(rows) == len(set(rows))
    while (lease := workers[0].take("last")) is not None:  # those that lost a race left some
        rows.append(lease.job.row)
    assert sorted(rows) == sorted(job.row for job in store.page(limit=9))


def test_the_job_that_waits_longest_is_taken_first(store: JobStore, leases: JobLeases) -> None:
    first, second = store.start(new_job()), store.start(new_job())
    assert [take(leases).job.job_id for _ in range(2)] == [first.job_id, second.job_id]
    assert not leases.waiting()
    assert leases.take("w") is None


def test_a_lapsed_lease_is_taken_over_and_its_holder_writes_nothing_more(
    database: Database, store: JobStore, leases: JobLeases
) -> None:
    job = store.start(new_job())
    former = take(leases)
    leases.commit(former, step(item(1), at=1))
    lapse(database)
    latter = take(leases)
    assert latter.job.state == {"at": 1}
    for write in (
        lambda: leases.commit(former, step(item(2), at=2)),
        lambda: leases.renew(former),
        lambda: leases.finish(former, Status.FAILED, "no"),
    ):
        with pytest.raises(LeaseLost):
            write()
    leases.give_back(former)
    leases.commit(latter, step(item(3), at=3))
    leases.finish(latter, Status.SUCCEEDED)
    found = store.find(job.job_id)
    assert found is not None
    assert (found.status, found.found) == ("SUCCEEDED", 2)
    assert [one.timestamp for _, one in store.items(found, view="", by_key=False, after=None, limit=9)] == [
        1,
        3,
    ]


def test_a_lease_that_lapsed_unnoticed_is_still_good(
    database: Database, store: JobStore, leases: JobLeases
) -> None:
    store.start(new_job())
    lease = take(leases)
    lapse(database)
    leases.commit(lease, step())
    assert not leases.waiting()


def test_a_lease_is_kept_by_renewing_it(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.start(new_job())
    now = [milliseconds()]
    monkeypatch.setattr(f"{JobLeases.__module__}.milliseconds", lambda: now[0])
    leases = JobLeases(store, seconds=60)
    lease = take(leases)
    for _ in range(5):
        now[0] += 40_000
        leases.renew(lease)
    now[0] += 59_999
    assert leases.take("other") is None
    now[0] += 1
    assert leases.take("other") is not None


def test_a_step_is_committed_whole_or_not_at_all(store: JobStore, leases: JobLeases) -> None:
    job = store.start(new_job())
    lease = take(leases)
    bad = Item(3, "", {"Confidence": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        leases.commit(lease, step(item(2), bad, at=2, progress=0.9))
    found = store.find(job.job_id)
    assert found is not None
    assert (found.progress, found.state, numbers(store, job.job_id)) == (0, None, [])


def test_what_a_worker_stopped_in_time_leaves_is_no_attempt(store: JobStore, leases: JobLeases) -> None:
    store.start(new_job())
    for _ in range(20):
        leases.give_back(take(leases))
    assert take(leases).job.attempts == 1


def test_a_job_that_kills_its_workers_fails_in_the_end(database: Database, store: JobStore) -> None:
    leases = JobLeases(store, attempts=3)
    job = store.start(new_job(request=VIDEO | {"NotificationChannel": {"SNSTopicArn": TOPIC}}))
    leases.commit(take(leases), step(item(1), progress=0.25))
    for _ in range(3):
        lapse(database)
        take(leases)
    lapse(database)
    assert leases.take("w") is None
    found = store.find(job.job_id)
    assert found is not None
    assert (found.status, numbers(store, job.job_id)) == ("FAILED", [])
    assert found.message == (
        "The analysis was tried 3 times and got no further than 25%: the worker stopped without "
        "an error, as it does when memory runs out."
    )
    assert JobNotices(database).take() is not None


def test_a_job_that_gets_ahead_is_tried_as_often_as_it_takes(database: Database, store: JobStore) -> None:
    leases = JobLeases(store, attempts=1)
    store.start(new_job())
    for n in range(1, 6):
        leases.commit(take(leases), step(progress=n / 10))
        lapse(database)
    assert take(leases).job.progress == 0.5


def test_a_job_that_was_put_off_waits_and_tells_why_it_never_got_ahead(store: JobStore) -> None:
    leases = JobLeases(store, attempts=2)
    job = store.start(new_job())
    leases.put_off(take(leases), "The bucket can't be reached.", 30)
    assert leases.take("w") is None
    lapse(store.database)
    leases.put_off(take(leases), "The bucket can't be reached.", 0)
    assert leases.take("w") is None
    found = store.find(job.job_id)
    assert found is not None
    assert found.message == (
        "The analysis was tried 2 times and got no further than 0%: The bucket can't be reached."
    )


def test_a_job_that_ended_keeps_no_state_and_one_that_failed_no_results(
    database: Database, store: JobStore, leases: JobLeases
) -> None:
    good, bad = store.start(new_job()), store.start(new_job())
    for status in (Status.SUCCEEDED, Status.FAILED):
        lease = take(leases)
        leases.commit(lease, step(item(1), item(2), VideoMetadata={"Codec": "h264"}))
        leases.finish(lease, status, "a reason" if status is Status.FAILED else None)
    assert [numbers(store, job.job_id) for job in (good, bad)] == [[0, 1], []]
    with database.read() as connection:
        assert connection.execute(select(func.count(jobs.c.state))).scalar() == 0
    found = store.find(good.job_id)
    assert found is not None
    assert (found.progress, found.facts) == (1, {"VideoMetadata": {"Codec": "h264"}})


def test_a_job_is_cancelled_at_once_and_its_worker_finds_out(store: JobStore, leases: JobLeases) -> None:
    job = store.start(new_job())
    lease = take(leases)
    leases.commit(lease, step(item(1)))
    assert store.cancel(job)
    with pytest.raises(LeaseLost):
        leases.commit(lease, step(item(2)))
    found = store.find(job.job_id)
    assert found is not None
    assert (found.status, found.message) == ("FAILED", CANCELLED)
    assert numbers(store, job.job_id) == []
    assert not store.cancel(job)


def test_a_notice_is_left_with_the_end_and_given_to_one_worker(place: Place, store: JobStore) -> None:
    leases = JobLeases(store)
    store.start(new_job(request=VIDEO | {"NotificationChannel": {"SNSTopicArn": TOPIC}}))
    store.start(new_job())
    notices = [JobNotices(place.open()) for _ in range(2)]
    assert notices[0].take() is None
    for _ in range(2):
        leases.finish(take(leases), Status.SUCCEEDED)
    with ThreadPoolExecutor(8) as executor:
        found = [one for one in executor.map(lambda n: notices[n % 2].take(), range(8)) if one]
    assert [(notice.channel, notice.job.status) for notice in found] == [(TOPIC, "SUCCEEDED")]


def test_a_notice_that_was_not_taken_is_tried_again_ever_more_seldom(store: JobStore) -> None:
    leases, notices = JobLeases(store), JobNotices(store.database)
    job = store.start(new_job(request=VIDEO | {"NotificationChannel": {"SNSTopicArn": TOPIC}}))
    leases.finish(take(leases), Status.SUCCEEDED)
    notice = notices.take()
    assert notice is not None
    waits = [notices.failed(replace(notice, attempts=n), "why") for n in (1, 2, 3, 60)]
    assert waits == [5, 10, 20, 3600]
    assert notices.take() is None
    assert notices.state(job) == (TOPIC, 1, None, "why")
    notices.delivered(notice)
    state = notices.state(job)
    assert state is not None
    assert state[2] is not None
    assert state[2] <= milliseconds()
