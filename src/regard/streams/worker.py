"""Runs stream processors, all that fit on one machine, in a process that may die.

Each is held by a lease (`leases.py`): whoever takes it next goes on with the same session. The main thread
renews leases and looks after what is to stop; each source has a thread that mostly waits (`feed.py`), and
takes turns on the cores with the others (`turns.py`).
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import structlog

from regard.errors import ServiceError
from regard.jobs.leases import LeaseLost
from regard.measurements import Measurements
from regard.memory import return_free_memory
from regard.streams.events import StreamEvents
from regard.streams.feed import SourceFeed
from regard.streams.held import HeldStream
from regard.streams.leases import LEASE_SECONDS, RENEW_SECONDS, StreamLease, StreamLeases
from regard.streams.records import StreamProcessor, StreamStatus
from regard.streams.running import LiveViews, Output, StreamGate, StreamSource
from regard.streams.turns import Turns
from regard.streams.wording import FAULT, NO_CAPACITY

_POLL = 0.25  # seconds
_GLANCE = 0.5  # seconds between two glances at what is to stop
_FLOOR = 2.0  # samples a second
_OVERLOAD = 10.0  # seconds below the floor after which the last source is given back
_FULL = 60.0  # seconds for which nothing is taken after that
_MAX_TAKEN = 8  # at a time
_TIDY = 10.0  # seconds between two times that free memory is given back

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source that isn't started yet. `key` is the same for processors that may share it. `is_recorded`:
    its samples come in bursts, and each counts.
    """

    key: tuple[Any, ...]
    open: Callable[[], StreamSource]
    is_recorded: bool


@dataclass(frozen=True, slots=True)
class StreamTools:
    """What a worker works with. `gate` is asked for once there is a processor: the models take memory."""

    leases: StreamLeases
    events: StreamEvents
    gate: Callable[[], StreamGate]
    source: Callable[[StreamProcessor], OpenedSource]
    output: Callable[[StreamProcessor], Output | None]
    views: LiveViews
    wake: Callable[[], None]
    measurements: Measurements = field(default_factory=Measurements)


class StreamWorker:
    """Takes processors and runs them until it is told to stop. `threads` of them are analysed at a time."""

    def __init__(self, tools: StreamTools, *, threads: int, name: str | None = None) -> None:
        self._tools = tools
        self._turns = Turns(threads)
        self._lock = threading.Lock()
        self._gate: StreamGate | None = None
        self._feeds: dict[tuple[Any, ...], SourceFeed] = {}  # in the order in which they were opened
        self._held: dict[int, tuple[HeldStream, SourceFeed]] = {}  # by the processor's row
        self._renewed = 0.0
        self._glanced = 0.0
        self._ended_void = 0.0
        self._tidied = 0.0
        self._lasting = time.monotonic() + LEASE_SECONDS
        self._measured: tuple[float, dict[int, tuple[int, float]]] = (time.monotonic(), {})
        self._full_until = 0.0
        self.name = name or worker_name()

    def run(self, stop: threading.Event) -> None:
        """Runs processors until it is told to stop; then they are left to others at once.

        A database that is away is waited for until the leases have lapsed; then nothing is analysed, since
        nobody could stop it.
        """
        try:
            while not stop.is_set():
                try:
                    self._once()
                except ServiceError as error:
                    log.warning("the stream worker waits", reason=error.message)
                    if self._held and time.monotonic() > self._lasting:
                        self._drop_all()
                except Exception:
                    log.exception("the stream worker failed")  # what runs must not end with it
                stop.wait(_POLL)
        finally:
            for feed in list(self._feeds.values()):
                feed.close(lambda held: held.give_back())

    def _once(self) -> None:
        now = time.monotonic()
        self._collect()
        if self._held and now - self._renewed >= RENEW_SECONDS:
            self._renew(now)
        elif self._held and now - self._glanced >= _GLANCE:
            self._glanced = now
            self._attend(self._tools.leases.standing(self._leases()))
        if now - self._ended_void >= RENEW_SECONDS:
            self._ended_void = now
            self._tools.leases.end_unauthorized()
        self._relieve(now)
        if self._held and now - self._tidied >= _TIDY:
            self._tidied = now
            return_free_memory()
        if now >= self._full_until and self._tools.leases.waiting():
            self._take()

    def _renew(self, now: float) -> None:
        standing = self._tools.leases.renew(self._leases())
        self._renewed = self._glanced = now
        self._lasting = now + LEASE_SECONDS
        self._attend(standing)

    def _attend(self, standing: dict[int, StreamStatus]) -> None:
        """Drops what is another's by now, and has what is to stop end at its next turn."""
        for row, (held, feed) in list(self._held.items()):
            if row not in standing:
                feed.remove(held, lambda one: one.drop())
                log.info("a stream is not held any more", stream=held.name)
            elif standing[row] is StreamStatus.STOPPING:
                held.ask_to_end(StreamStatus.STOPPED, None)

    def _take(self) -> None:
        if not self._held:
            self._renewed = time.monotonic()
            self._lasting = self._renewed + LEASE_SECONDS
        for lease in self._tools.leases.take(self.name, _MAX_TAKEN):
            if lease.is_taken_over:
                self._tools.measurements.leases_taken_over.add("stream")
                log.warning("a stream is taken over: its worker died or hung", stream=lease.processor.name)
            try:
                self._begin(lease)
            except ServiceError as error:
                self._fail(lease, error.message)
            except Exception:
                log.exception("a stream can't be run", stream=lease.processor.name)
                self._fail(lease, FAULT)

    def _fail(self, lease: StreamLease, message: str) -> None:
        with suppress(LeaseLost):  # then it was stopped
            self._tools.leases.end(lease, StreamStatus.FAILED, message)

    def _begin(self, lease: StreamLease) -> None:
        stream = lease.processor
        opened = self._tools.source(stream)
        held = HeldStream(
            lease,
            self._tools.leases,
            self._tools.events,
            self._shared_gate,
            self._tools.output(stream),
            self._tools.views,
            self._tools.wake,
            self._tools.measurements,
        )
        feed = self._feeds.get(opened.key)
        if feed is None or not feed.join(held):
            feed = SourceFeed(opened.open(), self._turns, name=stream.name, is_recorded=opened.is_recorded)
            self._feeds[opened.key] = feed
            feed.start([held])
        self._held[stream.row] = held, feed
        log.info("a stream is run", stream=stream.name, session=stream.session)

    def _shared_gate(self) -> StreamGate:
        with self._lock:
            if self._gate is None:
                self._gate = self._tools.gate()
            return self._gate

    def _collect(self) -> None:
        """Forgets what has ended."""
        for row, (held, feed) in list(self._held.items()):
            if held not in feed.held:
                del self._held[row]
        for key, feed in list(self._feeds.items()):
            if feed.is_over:
                del self._feeds[key]

    def _relieve(self, now: float) -> None:
        """Gives the last source back where one has been analysed too seldom for ten seconds."""
        since, before = self._measured
        if now - since < _OVERLOAD:
            return
        feeds = [feed for feed in self._feeds.values() if feed.is_playing]
        figures = {id(feed): (feed.samples, feed.share.waited) for feed in feeds}
        self._measured = now, figures
        starved = [
            feed
            for feed in feeds
            if id(feed) in before
            and feed.samples - before[id(feed)][0] < _FLOOR * (now - since)
            and feed.share.waited - before[id(feed)][1] > (now - since) / 2
        ]
        if not starved or len(feeds) < 2:
            return
        last = feeds[-1]
        log.warning("this machine is at its limit", streams=[one.name for one in last.held])
        last.close(lambda held: held.give_back(NO_CAPACITY))
        self._full_until = now + _FULL

    def _drop_all(self) -> None:
        for held, feed in list(self._held.values()):
            feed.remove(held, lambda one: one.drop())

    def _leases(self) -> list[StreamLease]:
        return [held.lease for held, _ in self._held.values()]


def worker_name() -> str:
    """A name that no other worker has had."""
    with suppress(OSError):
        return f"{socket.gethostname()[:64]}/{os.getpid()}/{uuid.uuid4().hex[:8]}"
    return f"{os.getpid()}/{uuid.uuid4().hex[:8]}"
