"""Stream processors, on either database: their states, and who holds them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.contracts.streams.made import SECRET, Timer, new_stream, order, started, take

from regard.caller import Caller
from regard.errors import LimitExceededException, ResourceInUseException, ResourceNotFoundException
from regard.jobs.leases import LeaseLost
from regard.storage.database import Database
from regard.streams.leases import LEASE_SECONDS, StreamLeases
from regard.streams.records import StreamChange, StreamKind, StreamStatus
from regard.streams.store import StreamStore


def test_a_processor_comes_back_as_it_was_made(store: StreamStore) -> None:
    caller = Caller("K", "eve", "operator", {"Version": "2012-10-17", "Statement": []}, "media")
    region = {"BoundingBox": {"Left": 0.1, "Top": 0.2, "Width": 0.3, "Height": 0.4}}
    new = new_stream(
        kind=StreamKind.LABELS, labels=("PERSON", "PET"), min_confidence=60.5, regions=(region,),
        caller=caller, tags={"team": "a"}, place="the yard", rate=2.0, data_sharing=False,
    )  # fmt: skip
    made = store.create(new)
    assert store.get("entrance") == made
    kept = ("name", "kind", "source", "labels", "min_confidence", "regions", "place", "rate", "data_sharing")
    assert [getattr(made, name) for name in kept] == [getattr(new, name) for name in kept]
    assert (made.created_by, made.status, made.session) == (caller, "STOPPED", None)
    assert store.tags(made) == {"team": "a"}


def test_a_password_is_in_no_printed_processor(store: StreamStore) -> None:
    made = store.create(new_stream())
    assert made.source == SECRET
    assert "hunter2" not in f"{made!r} {new_stream()!r}"


def test_a_name_is_given_once(database: Database, databases: list[Database]) -> None:
    stores = [StreamStore(one) for one in (database, databases[1])]

    def create(n: int) -> bool:
        try:
            stores[n % 2].create(new_stream())
        except ResourceInUseException:
            return False
        return True

    with ThreadPoolExecutor(6) as executor:
        assert sorted(executor.map(create, range(6))) == [False] * 5 + [True]


def test_there_are_no_more_than_may_be(database: Database) -> None:
    store = StreamStore(database, limit=2)
    for name in "ab":
        store.create(new_stream(name))
    with pytest.raises(LimitExceededException, match="REGARD_STREAM_LIMIT"):
        store.create(new_stream("c"))
    store.delete(store.get("a"))
    store.create(new_stream("c"))


def test_processors_are_listed_by_name_as_bytes_are_sorted(store: StreamStore) -> None:
    for name in ("b", "C", "a", "A-1", "A.1"):
        store.create(new_stream(name))
    assert [one.name for one in store.list()] == ["A-1", "A.1", "C", "a", "b"]


def test_a_start_is_one_session_however_often_it_comes(database: Database, databases: list[Database]) -> None:
    stores = [StreamStore(one) for one in (database, databases[1])]
    made = stores[0].create(new_stream())

    def start(n: int) -> str | None:
        try:
            return stores[n % 2].start(made, order(f"s-{n}")).session
        except ResourceInUseException:
            return None

    with ThreadPoolExecutor(6) as executor:
        sessions = [one for one in executor.map(start, range(6)) if one]
    assert [stores[0].get("entrance").session] == sessions
    with pytest.raises(ResourceInUseException, match="^Stream Processor not available for starting$"):
        stores[0].start(made, order())


def test_a_start_keeps_what_it_was_admitted_with(store: StreamStore) -> None:
    told = order(
        case_id="C-2026-000001", authorization_id="A-2026-000001", authorized_until=9**14,
        purpose="law-enforcement", match_threshold=99.5, start_selector={"FragmentNumber": "1"},
        stop_seconds=7,
    )  # fmt: skip
    running = store.start(store.create(new_stream()), told)
    kept = ("session", "request_id", "case_id", "authorization_id", "authorized_until", "purpose")
    kept += ("match_threshold", "start_selector", "stop_seconds")
    assert [getattr(running, name) for name in kept] == [getattr(told, name) for name in kept]
    assert (running.status, running.started_by) == ("STARTING", told.caller)


def test_what_nobody_runs_has_stopped_at_once(store: StreamStore) -> None:
    running = started(store)
    assert store.stop(running).status == "STOPPED"
    with pytest.raises(ResourceInUseException, match="^Stream Processor not available for stopping$"):
        store.stop(running)


def test_what_a_worker_runs_stops_when_it_lets_go(store: StreamStore, leases: StreamLeases) -> None:
    running, lease = started(store), take(leases)
    leases.show(lease, StreamStatus.RUNNING, "h264")
    assert store.stop(running).status == "STOPPING"
    assert leases.standing([lease]) == {running.row: "STOPPING"}
    assert store.delete(running) is False
    leases.end(lease, StreamStatus.STOPPED)
    assert store.get("entrance").status == "STOPPED"
    assert store.delete(running) is True


def test_what_stops_and_whose_worker_died_has_stopped(store: StreamStore, leases: StreamLeases) -> None:
    running, lease = started(store), take(leases)
    store.stop(running)
    leases.free("w")
    assert store.get("entrance").status == "STOPPED"
    assert store.list()[0].status == "STOPPED"
    assert store.start(running, order("s-2")).status == "STARTING"
    with pytest.raises(LeaseLost):
        leases.end(lease, StreamStatus.STOPPED)


def test_what_is_at_work_is_not_deleted(store: StreamStore, leases: StreamLeases) -> None:
    running = started(store)
    with pytest.raises(ResourceInUseException):
        store.delete(running)
    leases.show(take(leases), StreamStatus.RUNNING)
    with pytest.raises(ResourceInUseException):
        store.delete(running)


def test_a_processor_made_anew_is_another(store: StreamStore) -> None:
    old = store.create(new_stream(tags={"a": "b"}))
    store.delete(old)
    new = store.create(new_stream())
    assert (new.row > old.row, store.tags(new)) == (True, {})
    for act in (store.stop, store.delete, lambda one: store.start(one, order())):
        with pytest.raises(ResourceNotFoundException):
            act(old)


def test_labels_are_changed_while_nothing_is_at_work(store: StreamStore) -> None:
    made = store.create(new_stream(kind=StreamKind.LABELS, labels=("PERSON",), min_confidence=70.0))
    changed = store.update(made, StreamChange(labels=("ALL",), forgets_confidence=True))
    assert (changed.labels, changed.min_confidence) == (("ALL",), None)
    assert store.update(made, StreamChange(data_sharing=True)).labels == ("ALL",)
    store.start(made, order())
    with pytest.raises(ResourceInUseException):
        store.update(made, StreamChange(labels=("PET",)))


def test_no_two_workers_have_one_processor(store: StreamStore, databases: list[Database]) -> None:
    for n in range(6):
        started(store, f"p-{n}")
    handed = [StreamLeases(one) for one in databases]
    with ThreadPoolExecutor(3) as executor:
        taken = [lease.row for found in executor.map(lambda one: one.take("w", 6), handed) for lease in found]
    assert len(taken) == len(set(taken))
    assert handed[0].waiting() is (len(taken) < 6)


def test_a_worker_takes_no_more_than_it_can_do(store: StreamStore, leases: StreamLeases) -> None:
    for name in "abc":
        started(store, name)
    assert len(leases.take("w", 2)) == 2
    assert len(leases.take("v", 2)) == 1


def test_a_lease_that_is_renewed_does_not_lapse(
    store: StreamStore, leases: StreamLeases, timer: Timer
) -> None:
    rows = [started(store, name).row for name in "ab"]
    held = leases.take("w", 2)
    for _ in range(3):
        timer.wait(LEASE_SECONDS * 0.8)
        assert leases.renew(held) == dict.fromkeys(rows, "STARTING")
    assert not leases.waiting()


def test_another_worker_goes_on_when_a_lease_has_lapsed(
    store: StreamStore, leases: StreamLeases, timer: Timer
) -> None:
    started(store)
    first = take(leases)
    leases.commit_checkpoint(first, {"fragment": "7"})
    timer.wait(LEASE_SECONDS + 1)
    second = take(leases, "v")
    assert (second.processor.session, second.processor.checkpoint) == ("s-1", {"fragment": "7"})
    assert leases.renew([first]) == {}
    for act in (leases.end, leases.show):
        with pytest.raises(LeaseLost):
            act(first, StreamStatus.RUNNING)
    with pytest.raises(LeaseLost):
        leases.commit_checkpoint(first, {})


def test_the_leases_of_a_worker_that_is_known_to_be_dead_are_free(
    store: StreamStore, leases: StreamLeases
) -> None:
    for name in "ab":
        started(store, name)
    held = leases.take("w", 1) + leases.take("v", 1)
    assert leases.free("w") == 1
    assert leases.renew(held) == {held[1].row: "STARTING"}
    assert take(leases, "u").row == held[0].row


def test_what_is_given_back_is_taken_at_once(store: StreamStore, leases: StreamLeases) -> None:
    started(store)
    lease = take(leases)
    leases.give_back(lease)
    leases.give_back(lease)
    assert take(leases, "v").fence > lease.fence


def test_nothing_is_taken_or_held_once_its_authorization_is_over(
    store: StreamStore, leases: StreamLeases, timer: Timer
) -> None:
    started(store, authorization_id="A-2026-000001", authorized_until=timer() + 10_000)
    lease = take(leases)
    timer.wait(9)
    assert leases.renew([lease]) == {lease.row: "STARTING"}
    timer.wait(2)
    assert (leases.renew([lease]), leases.standing([lease]), leases.take("v", 1)) == ({}, {}, [])
    [ended] = leases.end_unauthorized()
    now = store.get("entrance")
    assert (ended.row, now.status, now.message) == (
        now.row, "FAILED", "The authorization A-2026-000001 is over.",
    )  # fmt: skip


def test_an_authorization_that_is_extended_holds_longer(
    store: StreamStore, leases: StreamLeases, timer: Timer
) -> None:
    started(store, authorization_id="A-2026-000001", authorized_until=timer() + 10_000)
    lease = take(leases)
    leases.authorize(lease, timer() + 60_000)
    timer.wait(11)
    assert leases.renew([lease]) == {lease.row: "STARTING"}


def test_what_is_to_stop_is_not_shown_as_running(store: StreamStore, leases: StreamLeases) -> None:
    running, lease = started(store), take(leases)
    store.stop(running)
    leases.show(lease, StreamStatus.RUNNING, "h264", {"codec": "h264"})
    now = store.get("entrance")
    assert (now.status, now.message, now.state) == ("STOPPING", "h264", {"codec": "h264"})
