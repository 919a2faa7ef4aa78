"""What processors saw, on either database: once, with all that belongs to it, and only for its time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, select
from tests.contracts.streams.made import Timer, matched, order, started, take

from regard.errors import AccessDeniedException
from regard.jobs.leases import LeaseLost
from regard.resources.outbox import Outbox
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import stream_events, stream_notices, stream_sightings
from regard.streams.events import EventKind, EventPicture, NewStreamNotice, StreamEvents
from regard.streams.leases import LEASE_SECONDS, StreamLeases
from regard.streams.store import StreamStore

MINUTE, DAY = 60_000, 86_400_000
TOPIC = "arn:aws:sns:us-east-1:123456789012:alerts"


def test_an_event_comes_back_with_its_pictures(
    store: StreamStore, leases: StreamLeases, events: StreamEvents
) -> None:
    started(store, authorization_id="A-2026-000001", purpose="law-enforcement")
    new = matched(crop=b"a face", frame=b"a street")
    made = events.commit(leases, take(leases), new)
    assert made is not None
    assert events.find(new.event_id) == made
    assert (made.name, made.session, made.subject, made.body) == ("entrance", "s-1", new.subject, new.body)
    assert (made.authorization_id, made.purpose, made.collection_id) == (
        "A-2026-000001", "law-enforcement", "staff",
    )  # fmt: skip
    assert made.pictures == {EventPicture.CROP, EventPicture.FRAME}
    assert (events.picture(made, EventPicture.CROP), events.picture(made, EventPicture.FRAME)) == (
        b"a face",
        b"a street",
    )


def test_the_database_alone_shows_no_picture(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, database: Database
) -> None:
    started(store)
    events.commit(leases, take(leases), matched(crop=b"a face"))
    with database.read() as connection:
        crop, frame = connection.execute(select(stream_events.c.crop, stream_events.c.frame)).one()
    assert b"a face" not in crop
    assert frame is None


def test_there_is_one_alert_a_person_and_sighting(
    store: StreamStore, leases: StreamLeases, events: StreamEvents
) -> None:
    started(store)
    lease = take(leases)

    def alert(subject: str, at: int) -> bool:
        return events.commit(leases, lease, matched(subject, at)) is not None

    assert (alert("user/eve", 0), alert("user/eve", MINUTE), alert("face/x", MINUTE)) == (True, False, True)
    assert not alert("user/eve", 5 * MINUTE)
    assert not alert("user/eve", 9 * MINUTE)  # five minutes since the last alert, not since the last sight
    events.seen(leases, lease, {"user/eve": 12 * MINUTE, "user/nobody": 12 * MINUTE})
    assert not alert("user/eve", 16 * MINUTE)
    assert alert("user/eve", 21 * MINUTE)
    assert alert("user/nobody", 21 * MINUTE)


def test_another_worker_raises_no_alert_twice(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, timer: Timer
) -> None:
    started(store)
    assert events.commit(leases, take(leases), matched(at=0)) is not None
    timer.wait(LEASE_SECONDS + 1)
    second = take(leases, "v")
    assert events.commit(leases, second, matched(at=MINUTE)) is None
    leases.give_back(second)
    store.start(store.stop(store.get("entrance")), order("s-2"))
    assert events.commit(leases, take(leases), matched(at=2 * MINUTE)) is None


def test_what_is_about_nobody_is_kept_each_time(
    store: StreamStore, leases: StreamLeases, events: StreamEvents
) -> None:
    started(store)
    lease = take(leases)
    for _ in range(2):
        assert events.commit(leases, lease, matched(None, kind=EventKind.SOURCE_LOST)) is not None
    assert [one.kind for one in events.page(limit=9)] == ["SOURCE_LOST"] * 2


def test_who_holds_no_lease_keeps_nothing(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, timer: Timer
) -> None:
    started(store)
    lease = take(leases)
    timer.wait(LEASE_SECONDS + 1)
    with pytest.raises(LeaseLost):
        events.commit(leases, lease, matched())
    with pytest.raises(LeaseLost):
        events.seen(leases, lease, {"face/f": 1})
    assert events.page(limit=9) == []


def test_nothing_is_kept_once_its_authorization_is_over(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, timer: Timer
) -> None:
    started(store, authorization_id="A-2026-000001", authorized_until=timer() + 1000)
    lease = take(leases)
    timer.wait(2)
    with pytest.raises(LeaseLost):
        events.commit(leases, lease, matched())
    assert events.page(limit=9) == []


def test_an_event_that_may_not_be_kept_leaves_nothing(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, database: Database
) -> None:
    started(store)
    lease = take(leases)

    def refuse(_connection: Connection) -> None:
        raise AccessDeniedException

    notice = NewStreamNotice(channel=TOPIC, message="{}")
    with pytest.raises(AccessDeniedException):
        events.commit(leases, lease, matched(), [notice], within=[refuse])
    with database.read() as connection:
        for table in (stream_events, stream_notices):
            assert connection.execute(select(table)).all() == []
    assert events.commit(leases, lease, matched()) is not None  # nor that they were seen


def test_what_is_told_of_an_event_is_told_until_somebody_took_it(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, database: Database
) -> None:
    started(store)
    events.commit(leases, take(leases), matched(), [NewStreamNotice(channel=TOPIC, message="a face")])
    notices = Outbox(database, stream_notices)
    notice = notices.take()
    assert notice is not None
    assert (notice.channel, notice.message, notice.key_id, notice.attempts) == (TOPIC, "a face", "local", 1)
    assert notices.take() is None
    assert notices.failed(notice, "nobody was there") == 5.0
    with database.write() as connection:
        connection.execute(stream_notices.update().values(next_try=0))
    again = notices.take()
    assert again is not None
    assert again.attempts == 2
    notices.delivered(again)
    with database.write() as connection:
        connection.execute(stream_notices.update().values(next_try=0))
    assert notices.take() is None


def test_events_are_listed_newest_first_by_pages(
    store: StreamStore, leases: StreamLeases, events: StreamEvents
) -> None:
    for name in "ab":
        started(store, name)
    held = leases.take("w", 2)
    made = [events.commit(leases, held[n % 2], matched(f"face/{n}")) for n in range(5)]
    rows = [one.row for one in made if one]
    first = events.page(limit=2)
    assert [one.row for one in first] == [rows[4], rows[3]]
    assert [one.row for one in events.page(limit=9, before=first[-1].row)] == rows[2::-1]
    assert [one.row for one in events.page(limit=9, name=held[1].processor.name)] == [rows[3], rows[1]]


def test_an_event_is_kept_for_its_time_and_no_longer(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, timer: Timer, database: Database
) -> None:
    running = started(store)
    lease = take(leases)
    brief = events.commit(leases, lease, matched("face/a", frame=b"f"), kept=DAY)
    usual = events.commit(leases, lease, matched("face/b"), [NewStreamNotice(channel=TOPIC, message="{}")])
    assert brief is not None
    assert usual is not None
    store.stop(running)
    leases.end(lease, store.get("entrance").status.STOPPED)
    store.delete(running)
    timer.wait(1.5 * DAY / 1000)
    assert (events.find(brief.event_id), events.picture(brief, EventPicture.FRAME)) == (None, None)
    assert events.page(limit=9) == [usual]
    assert events.prune(timer()) == 1
    timer.wait(6 * DAY / 1000)
    assert (events.page(limit=9), events.prune(timer())) == ([], 1)
    with database.read() as connection:
        for table in (stream_events, stream_notices):
            assert connection.execute(select(table)).all() == []


def test_that_somebody_was_seen_is_forgotten_though_events_are_removed_all_the_time(
    store: StreamStore, leases: StreamLeases, events: StreamEvents, timer: Timer, database: Database
) -> None:
    started(store)
    events.commit(leases, take(leases), matched("face/a"), kept=DAY)
    timer.wait(1.5 * DAY / 1000)
    assert events.prune(timer()) == 1
    with database.read() as connection:
        assert connection.execute(select(stream_sightings)).all() == []


def test_what_a_void_authorization_has_found_is_erased(
    store: StreamStore, leases: StreamLeases, events: StreamEvents
) -> None:
    started(store, "a", authorization_id="A-2026-000001")
    started(store, "b")
    held = leases.take("w", 2)
    for lease in held:
        events.commit(leases, lease, matched(at=0))
    assert events.erase_authorized("A-2026-000001") == 1
    assert [one.name for one in events.page(limit=9)] == ["b"]
    again = [events.commit(leases, lease, matched(at=MINUTE)) for lease in held]
    assert [one is not None for one in again] == [True, False]


def test_two_workers_that_race_raise_one_alert(
    store: StreamStore, databases: list[Database], cipher: Cipher
) -> None:
    started(store)
    ways = [(StreamLeases(one), StreamEvents(one, cipher)) for one in databases]
    lease = take(ways[0][0])
    with ThreadPoolExecutor(4) as executor:
        kept = list(executor.map(lambda n: ways[n % 3][1].commit(ways[n % 3][0], lease, matched()), range(6)))
    assert len([one for one in kept if one]) == 1
