"""Live alerts: who hears of what, how soon, and when a stream ends."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.alert_feed import AlertFeed
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.governance.permissions import ROLES
from regard.settings import Settings
from regard.storage.schema import stream_events
from tests.console.visiting import Visitor
from tests.porch import Porch
from tests.waiting import PATIENCE

ALERTS = "/console/alerts"


class Log:
    """Alerts, as a database has them, and how often it was asked."""

    def __init__(self) -> None:
        self.kept: list[tuple[int, str, str]] = []
        self.asked = 0

    def raise_(self, camera: str = "porch") -> None:
        number = len(self.kept) + 1
        self.kept.append((number, f"e-{number}", camera))

    def alerts(self, *, limit: int, behind: int | None = None) -> list[tuple[int, str, str]]:
        self.asked += 1
        found = self.kept[::-1] if behind is None else [one for one in self.kept if one[0] > behind]
        return found[:limit]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def feed(log: Log) -> Iterator[AlertFeed]:
    made = AlertFeed(log, every=0.01, ping=0.02)
    yield made
    made.close()


def told(frame: bytes) -> tuple[int, list[str]]:
    """The number and the cameras of a frame."""
    lines = dict(line.split(": ", 1) for line in frame.decode().strip().splitlines())
    return int(lines["id"]), json.loads(lines["data"])


def heard(
    feed: AlertFeed,
    since: int | None = None,
    meanwhile: Callable[[], None] | None = None,
    is_open: Callable[[], bool] = lambda: True,
) -> tuple[int, list[str]] | None:
    """The first alert that a browser hears of; `meanwhile` happens once it waits. None: the stream ends."""

    async def listened() -> tuple[int, list[str]] | None:
        frames = feed.frames(since, is_open)
        try:
            await anext(frames)
            if meanwhile is not None:
                meanwhile()
            async for frame in frames:
                if frame.startswith(b"event: alert"):
                    return told(frame)
            return None
        finally:
            await frames.aclose()  # type: ignore[attr-defined]

    return asyncio.run(listened())


def test_a_browser_hears_of_what_comes_and_of_nothing_before(feed: AlertFeed, log: Log) -> None:
    log.raise_("yard")
    assert heard(feed, meanwhile=log.raise_) == (2, ["porch"])


def test_who_comes_back_hears_of_what_they_missed(feed: AlertFeed, log: Log) -> None:
    for camera in ("porch", "yard", "porch", "gate"):
        log.raise_(camera)
    assert heard(feed, since=1) == (4, ["gate", "porch", "yard"])


def test_many_browsers_ask_the_database_once(feed: AlertFeed, log: Log) -> None:
    async def all_heard() -> list[tuple[int, list[str]]]:
        ready = asyncio.Barrier(21)

        async def one() -> tuple[int, list[str]]:
            frames = feed.frames(None, lambda: True)
            await anext(frames)
            await ready.wait()
            async for frame in frames:
                if frame.startswith(b"event: alert"):
                    return told(frame)
            raise AssertionError("the stream ended")

        waiting = [asyncio.create_task(one()) for _ in range(20)]
        await ready.wait()
        assert sum(thread.name == "alerts" for thread in threading.enumerate()) == 1
        log.raise_()
        return await asyncio.gather(*waiting)

    assert asyncio.run(all_heard()) == [(1, ["porch"])] * 20


def test_browsers_hear_of_what_comes_after_a_fault_that_nobody_foresaw(feed: AlertFeed, log: Log) -> None:
    whole, failed = log.alerts, threading.Event()

    def failing(**asked: Any) -> list[tuple[int, str, str]]:
        failed.set()
        raise RuntimeError

    def meanwhile() -> None:
        log.alerts = failing  # type: ignore[method-assign]
        assert failed.wait(PATIENCE)
        log.alerts = whole  # type: ignore[method-assign]
        log.raise_()

    assert heard(feed, meanwhile=meanwhile) == (1, ["porch"])


def test_a_stream_ends_with_the_session(feed: AlertFeed) -> None:
    assert heard(feed, is_open=lambda: False) is None


def test_a_stream_that_is_never_silent_ends_with_the_session_too(feed: AlertFeed, log: Log) -> None:
    async def counted() -> int:
        frames = feed.frames(None, lambda: log.asked < 5)
        number = 0
        async for _ in frames:
            number += 1
            log.raise_()
        return number

    assert asyncio.run(asyncio.wait_for(counted(), 30)) > 0


def test_a_server_that_stops_waits_for_no_stream(feed: AlertFeed) -> None:
    assert heard(feed, meanwhile=feed.close) is None


def test_nobody_asks_where_nobody_waits(feed: AlertFeed, log: Log) -> None:
    heard(feed, meanwhile=log.raise_)
    threads = [thread for thread in threading.enumerate() if thread.name == "alerts"]
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)


class SlowLog(Log):
    """Alerts whose newest are read while something else happens."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: Callable[[], object] = lambda: None

    def alerts(self, *, limit: int, behind: int | None = None) -> list[tuple[int, str, str]]:
        found = super().alerts(limit=limit, behind=behind)
        if behind is None:
            self.meanwhile()
        return found


async def next_alert(frames: AsyncIterator[bytes]) -> tuple[int, list[str]]:
    """The next alert of a stream."""
    async for frame in frames:
        if frame.startswith(b"event: alert"):
            return told(frame)
    raise AssertionError("the stream ended")


def test_an_alert_that_comes_while_a_browser_enters_is_not_lost() -> None:
    log = SlowLog()
    feed = AlertFeed(log, every=0.01)
    was_told = threading.Event()

    def come() -> None:
        log.raise_()
        assert was_told.wait(PATIENCE)

    async def second_heard() -> tuple[int, list[str]]:
        first, second = (feed.frames(None, lambda: True) for _ in range(2))
        await anext(first)
        log.meanwhile = come
        entering = asyncio.create_task(next_alert(second))
        await next_alert(first)
        was_told.set()
        heard = await asyncio.wait_for(entering, PATIENCE)
        for frames in (first, second):
            await frames.aclose()  # type: ignore[attr-defined]
        return heard

    assert asyncio.run(second_heard()) == (1, ["porch"])
    feed.close()


def test_a_browser_that_goes_away_while_it_enters_is_forgotten() -> None:
    log = SlowLog()
    feed = AlertFeed(log, every=0.01)
    reads, goes_on = threading.Event(), threading.Event()

    def wait() -> None:
        reads.set()
        assert goes_on.wait(PATIENCE)

    async def leave() -> None:
        log.meanwhile = wait
        entering = asyncio.create_task(next_alert(feed.frames(None, lambda: True)))
        await asyncio.to_thread(reads.wait, PATIENCE)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        goes_on.set()

    asyncio.run(leave())
    for thread in [thread for thread in threading.enumerate() if thread.name == "alerts"]:
        thread.join(PATIENCE)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def porch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Porch]:
    data = tmp_path_factory.mktemp("alerts") / "data"
    settings = Settings.load({}, data=data, kinesis_endpoint="http://127.0.0.1:9", alert_quiet=1)
    parts = build(settings, has_models=False)
    yield Porch(parts)
    parts.close()


def browser(parts: Parts, role: str) -> Visitor:
    people = People(parts.database)
    person = people.add(f"{role}-{len(people.all())}", [role])
    return Visitor(asgi(parts), {"regard": BrowserSessions(parts.database).open(person, Means.PASSKEY)})


def test_what_is_new_is_told_from_what_was_seen(porch: Porch) -> None:
    otto = browser(porch.parts, "operator")
    porch.saw("face/f-1")
    page = otto.get(ALERTS).text
    assert "1 new alert" in page
    assert "eve (u-1)" in page
    newest = page.partition('name="newest" value="')[2].partition('"')[0]
    porch.saw("face/f-3")
    otto.post(ALERTS, act="seen", newest=newest)
    assert "1 new alert" in otto.get(ALERTS).text
    part = otto.get(ALERTS, headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "1 new alert" in part


def test_an_open_page_asks_for_what_is_new_and_the_log_says_what_was_shown(porch: Porch) -> None:
    otto, audit = browser(porch.parts, "operator"), porch.parts.audit
    first = porch.saw("face/f-5")
    before = audit.newest().sequence
    page = otto.get(ALERTS).text
    assert first.event_id in page
    last = page.partition('data-newest="')[2].partition('"')[0]
    second = porch.saw("face/f-6")
    withheld = porch.saw("face/f-7", "law-enforcement")
    part = otto.get(f"{ALERTS}?after={last}", headers={"HX-Request": "true"}).text
    assert second.event_id in part
    assert first.event_id not in part
    records = [one for one in audit.export() if one["sequence"] > before and "outcome" in one]
    assert [one["operation"] for one in records] == ["ListAlerts", "ListAlerts"]
    assert first.event_id in records[0]["events"]
    assert records[1]["events"] == [second.event_id]
    assert withheld.event_id not in part


def test_what_a_strict_purpose_withholds_is_not_in_the_list(porch: Porch) -> None:
    event = porch.saw("face/f-4", "law-enforcement")
    page = browser(porch.parts, "operator").get(ALERTS).text
    assert event.event_id not in page


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"operator", "investigator"}))
def test_other_roles_hear_of_nothing(porch: Porch, role: str) -> None:
    visitor = browser(porch.parts, role)
    assert visitor.get(ALERTS).status_code == 403
    assert visitor.get(f"{ALERTS}/stream").status_code == 403
    assert visitor.post(ALERTS, act="seen").status_code == 403


def test_who_is_signed_out_hears_nothing_more(porch: Porch) -> None:
    sessions = BrowserSessions(porch.parts.database)
    token = sessions.open(People(porch.parts.database).add("Ola", ["operator"]), Means.PASSKEY)
    assert sessions.is_open(token)
    sessions.close(token)
    assert not sessions.is_open(token)
    gone: dict[str, Any] = {"regard": token}
    assert Visitor(asgi(porch.parts), gone).get(f"{ALERTS}/stream").status_code == 303


def test_a_key_of_one_camera_lists_its_alerts_however_many_others_have(porch: Porch) -> None:
    parts, own = porch.parts, porch.saw("face/f-9")
    with parts.database.write() as connection:
        kept = connection.execute(select(stream_events).where(stream_events.c.event_id == own.event_id)).one()
        copied = {**kept._mapping, "name": "yard"}
        del copied["row"]
        rows = [{**copied, "event_id": f"{number:064}"} for number in range(50)]
        connection.execute(stream_events.insert(), rows)
    statement = {"Effect": "Allow", "Action": "rekognition:*", "Resource": "*:streamprocessor/porch"}
    listing = {"Effect": "Allow", "Action": "rekognition:ListAlerts", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement, listing]}
    caller = replace(LOCAL, policy=policy, name="watcher")
    answer = parts.gate.call("list_alerts", {}, caller)
    assert [one["Camera"] for one in answer["Alerts"]][:1] == ["porch"]
    assert {one["Camera"] for one in answer["Alerts"]} == {"porch"}
