"""A worker of stream processors: takes, runs, lets go; what it saw is kept, whatever becomes of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from sqlalchemy import delete

from regard.errors import AccessDeniedException, ServiceUnavailableException, ThrottlingException
from regard.measurements import Measurements
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import stream_events, stream_processors
from regard.streams.events import NewStreamNotice, StreamEvents
from regard.streams.leases import StreamLeases
from regard.streams.records import StreamProcessor, StreamStatus
from regard.streams.steps import NOTHING, Raised, StreamStep
from regard.streams.store import StreamStore
from regard.streams.wording import FAULT
from regard.streams.worker import OpenedSource, StreamTools, StreamWorker
from tests.contracts.streams.made import matched, new_stream, order
from tests.streams.made import MadeGate, MadeOutput, MadeSource, NoViews, Wakes, standing
from tests.waiting import wait_until

BUSY = 4_000  # ms more than a second; on two cores with four times as much to do as they could it took 340


@dataclass
class Site:
    """One database and what its workers work with."""

    database: Database
    folder: Path
    gate: MadeGate = field(default_factory=MadeGate)
    sources: dict[str, MadeSource] = field(default_factory=dict)
    outputs: dict[str, MadeOutput] = field(default_factory=dict)
    wakes: Wakes = field(default_factory=Wakes)
    measured: Measurements = field(default_factory=Measurements)

    def __post_init__(self) -> None:
        self.store = StreamStore(self.database)
        self.leases = StreamLeases(self.database)
        self.events = StreamEvents(self.database, Cipher(self.folder))

    def start(self, name: str, source: str = "rtsp://camera.lan/1") -> StreamProcessor:
        if self.store.find(name) is None:
            self.store.create(new_stream(name, source=source, source_shown=source))
        return self.store.start(self.store.get(name), order())

    def status(self, name: str) -> tuple[StreamStatus, str | None]:
        found = self.store.get(name)
        return found.status, found.message

    def _open(self, stream: StreamProcessor) -> OpenedSource:
        def opened() -> MadeSource:
            return self.sources.setdefault(stream.source, MadeSource())

        return OpenedSource((stream.source,), opened, is_recorded=False)

    def _output(self, stream: StreamProcessor) -> MadeOutput:
        return self.outputs.setdefault(stream.name, MadeOutput())

    @contextmanager
    def working(self, name: str = "w") -> Iterator[StreamWorker]:
        """A worker that works meanwhile."""
        tools = StreamTools(
            leases=self.leases,
            events=self.events,
            gate=lambda: self.gate,
            source=self._open,
            output=self._output,
            views=NoViews(),
            wake=self.wakes,
            measurements=self.measured,
        )
        worker, stop = StreamWorker(tools, threads=2, name=name), threading.Event()
        thread = threading.Thread(target=worker.run, args=(stop,))
        thread.start()
        try:
            yield worker
        finally:
            stop.set()
            thread.join()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Path]]:
    folder = tmp_path_factory.mktemp("streams")
    database = Database.open(folder)
    yield database, folder
    database.close()


@pytest.fixture
def site(place: tuple[Database, Path]) -> Iterator[Site]:
    yield Site(*place)
    with place[0].write() as connection:
        for table in (stream_events, stream_processors):
            connection.execute(delete(table))


def alert(subject: str = "face/f") -> Callable[[StreamProcessor, int], StreamStep]:
    """An alert about somebody with each sample."""

    def act(_stream: StreamProcessor, sample: int) -> StreamStep:
        event = matched(subject, at=1_000_000 + sample)
        return StreamStep(raised=[Raised(event=event, notices=[NewStreamNotice(channel="c", message="m")])])

    return act


def test_a_started_processor_runs_and_tells_how_it_stands(site: Site) -> None:
    site.start("door")
    with site.working():
        wait_until(lambda: site.status("door")[0] is StreamStatus.RUNNING)
        assert "h264 1280 × 720, 25 frames/s" in (site.status("door")[1] or "")
        wait_until(lambda: len(site.gate.taken.get("door", [])) > 3)


def test_one_that_is_stopped_is_let_go_soon_and_its_source_closed(site: Site) -> None:
    site.start("door")
    with site.working():
        wait_until(lambda: site.status("door")[0] is StreamStatus.RUNNING)
        assert site.store.stop(site.store.get("door")).status is StreamStatus.STOPPING
        wait_until(lambda: site.status("door")[0] is StreamStatus.STOPPED)
        wait_until(lambda: site.sources["rtsp://camera.lan/1"].is_closed)
    assert site.gate.ended == [("door", None)]
    assert site.outputs["door"].is_closed


def test_processors_on_one_source_share_it(site: Site) -> None:
    for name in ("a", "b"):
        site.start(name)
    with site.working():
        wait_until(lambda: all(len(site.gate.taken.get(name, [])) > 2 for name in ("a", "b")))
        assert len(site.sources) == 1
        common = set(site.gate.taken["a"]) & set(site.gate.taken["b"])
        assert len(common) >= 2


def test_an_alert_is_kept_once_a_sighting_with_its_notice(site: Site) -> None:
    site.gate.act = alert()
    site.start("door")
    with site.working():
        wait_until(lambda: len(site.gate.taken.get("door", [])) > 5)
    assert len(site.events.page(limit=10)) == 1
    assert site.wakes.count == 1


def test_records_go_to_the_output(site: Site) -> None:
    site.gate.act = lambda _stream, sample: StreamStep(records=[str(sample)])
    site.start("door")
    with site.working():
        wait_until(lambda: len(site.outputs.get("door", MadeOutput()).records) > 2)
    assert site.outputs["door"].records[:2] == ["1", "2"]


def test_what_the_gate_refuses_has_failed_and_says_why(site: Site) -> None:
    def refuse(_stream: StreamProcessor, sample: int) -> StreamStep:
        if sample > 2:
            raise AccessDeniedException("The key eve, which started it, is suspended.")
        return NOTHING

    site.gate.act = refuse
    site.start("door")
    with site.working():
        wait_until(lambda: site.status("door")[0] is StreamStatus.FAILED)
    assert site.status("door")[1] == "The key eve, which started it, is suspended."


def test_what_passes_is_begun_anew(site: Site) -> None:
    def wait_once(_stream: StreamProcessor, _sample: int) -> StreamStep:
        if len(site.gate.begun) == 1:
            raise ThrottlingException("The collection got another face model.")
        return NOTHING

    site.gate.act = wait_once
    site.start("door")
    with site.working():
        wait_until(lambda: len(site.gate.begun) == 2 and len(site.gate.taken["door"]) > 2)
        assert site.status("door")[0] is not StreamStatus.FAILED


def test_a_worker_that_stops_leaves_its_processors_to_the_next_at_once(site: Site) -> None:
    started = site.start("door")
    with site.working("first"):
        wait_until(lambda: site.gate.taken.get("door"))
    with site.working("second"):
        wait_until(lambda: site.store.get("door").holder == "second", seconds=5)
        wait_until(lambda: len(site.gate.begun) == 2)
        assert site.store.get("door").session == started.session
    assert isinstance(site.gate.ended[0][1], GeneratorExit)


def test_a_processor_that_another_worker_has_is_dropped_and_nothing_is_written(site: Site) -> None:
    site.gate.act = alert()
    site.start("door")
    with site.working("first"):
        wait_until(lambda: len(site.events.page(limit=10)) == 1)
        site.store.stop(site.store.get("door"))
        site.leases.free("first")
        wait_until(lambda: site.gate.ended)
    assert len(site.events.page(limit=10)) == 1
    assert site.measured.leases_lost.read() == {("job",): 0, ("stream",): 1}


def test_a_processor_whose_worker_died_is_counted_by_the_worker_that_takes_it_over(site: Site) -> None:
    site.start("door")
    StreamLeases(site.database, clock=lambda: milliseconds() - 60_000).take("one that dies", 1)
    site.start("gate", "rtsp://camera.lan/2")
    with site.working():
        wait_until(lambda: len(site.gate.taken) == 2)
    assert site.measured.leases_taken_over.read() == {("job",): 0, ("stream",): 1}


def test_pictures_are_counted_by_kind_and_by_whether_networks_saw_them(site: Site) -> None:
    site.gate.act = lambda _stream, sample: StreamStep(has_examined=sample % 2 == 0)
    site.start("door")
    with site.working():
        wait_until(lambda: len(site.gate.taken.get("door", [])) >= 5)
    told = site.measured.samples.read()
    assert set(told) == {("FACE_SEARCH", "yes"), ("FACE_SEARCH", "no")}
    assert sum(told.values()) == len(site.gate.taken["door"])
    assert sum(site.measured.leases_lost.read().values()) == 0, "what is left to others is not lost"


def test_a_source_that_can_never_be_read_has_failed(site: Site) -> None:
    source = site.sources["rtsp://camera.lan/1"] = MadeSource()
    standing(source, word="REFUSED", is_final=True, why="Its host is not allowed.")
    site.start("door")
    with site.working():
        wait_until(lambda: site.status("door")[0] is StreamStatus.FAILED)
    assert site.status("door")[1] == "Its host is not allowed."


def test_an_output_that_is_gone_has_the_processor_fail_in_its_words(site: Site) -> None:
    site.start("door")
    site.outputs["door"] = MadeOutput(failure="Stream s under account 1 not found.", is_gone=True)
    with site.working():
        wait_until(lambda: site.status("door")[0] is StreamStatus.FAILED)
    assert site.status("door")[1] == "Stream s under account 1 not found."


def test_a_source_that_gives_no_picture_is_told_of_with_its_reason(site: Site) -> None:
    source = site.sources["rtsp://camera.lan/1"] = MadeSource()
    standing(source, word="WAITING", why="connection refused", last_picture=36_000.0)
    site.start("door")
    with site.working():
        wait_until(lambda: site.status("door")[0] is StreamStatus.RUNNING)
    assert (site.status("door")[1] or "").startswith("No picture since 10:00:00 UTC: connection refused")


def test_a_source_that_fails_in_a_way_nobody_foresaw_has_its_processors_fail(site: Site) -> None:
    class Broken(MadeSource):
        def ask(self, timeout: float) -> int | None:
            raise RuntimeError

    site.sources["rtsp://camera.lan/1"] = Broken()
    for name in ("a", "b"):
        site.start(name)
    with site.working() as worker:
        wait_until(lambda: all(site.status(name)[0] is StreamStatus.FAILED for name in ("a", "b")))
        wait_until(lambda: not worker._held)
    assert site.status("a")[1] == FAULT


def test_a_worker_holds_nothing_whose_end_the_database_could_not_be_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ServiceUnavailableException("The database is away.")

    monkeypatch.setattr(site.leases, "end", away)
    source = site.sources["rtsp://camera.lan/1"] = MadeSource()
    site.start("door")
    with site.working() as worker:
        wait_until(lambda: site.gate.taken.get("door"))
        standing(source, word="REFUSED", is_final=True, why="Its host is not allowed.")
        wait_until(lambda: not worker._held)
        wait_until(lambda: source.is_closed)
        monkeypatch.undo()
        site.leases.free("w")  # as the lease lapses
        wait_until(lambda: site.status("door")[0] is StreamStatus.FAILED)


def test_the_last_alert_of_a_session_waits_for_the_database(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session isn't over before what it saw is kept: whoever takes it next tells of it."""

    def last(stream: StreamProcessor, sample: int) -> StreamStep:
        return replace(alert()(stream, sample), is_over=True)

    def away(*_: object, **__: object) -> None:
        raise ServiceUnavailableException("The database is away.")

    site.gate.act = last
    monkeypatch.setattr(site.events, "commit", away)
    site.start("door")
    with site.working() as worker:
        wait_until(lambda: site.gate.ended and not worker._held)
        assert site.status("door")[0] is not StreamStatus.STOPPED
        monkeypatch.undo()
        site.leases.free("w")  # as the lease lapses
        wait_until(lambda: site.status("door")[0] is StreamStatus.STOPPED)
    assert len(site.events.page(limit=10)) == 1


@pytest.mark.parametrize("sees", [True, False], ids=["somebody", "nobody"])
def test_an_authorization_that_is_over_ends_the_search_within_a_second_though_nobody_asks(
    site: Site, monkeypatch: pytest.MonkeyPatch, sees: bool
) -> None:
    """Neither the run's own question nor the timer works: the lease is held no more, and nothing is kept."""

    def see(stream: StreamProcessor, sample: int) -> StreamStep:
        return StreamStep(raised=[Raised(event=matched(f"face/{sample}", at=milliseconds()))])

    if sees:
        site.gate.act = see
    monkeypatch.setattr(site.leases, "end_unauthorized", list)
    site.store.create(new_stream("door", source="rtsp://camera.lan/1"))
    until = milliseconds() + 2_000
    site.store.start(site.store.get("door"), order(authorization_id="A-1", authorized_until=until))
    with site.working():
        wait_until(lambda: site.gate.ended)
        ended = milliseconds()
    kept = site.events.page(limit=1000)
    assert bool(kept) == sees
    assert all(one.at <= until for one in kept)
    assert site.gate.ended[0][0] == "door"
    assert until < ended <= until + 1_000 + BUSY
