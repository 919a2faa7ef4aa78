"""That cameras saw something new: one thread asks the database for all browsers that wait.

What a browser is told is a number and of which cameras there are alerts: no name, no picture. Its page
fetches the lines through the gate, as the person who is signed in.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import structlog

from regard.errors import ServiceError

_EVERY: Final = 1.0  # seconds between two questions to the database
_PING: Final = 15.0  # seconds after which a stream says that it is there, and asks whether it may go on
_READ: Final = 500  # alerts at once
_SHOWN: Final = 50

log: Any = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NewAlert:
    """An alert: its number, which rises, its event's id, and the stream processor that raised it."""

    number: int
    event_id: str
    camera: str


class AlertSource(Protocol):
    """Where alerts are kept."""

    def alerts(self, *, limit: int, behind: int | None = None) -> Sequence[tuple[int, str, str]]:
        """The newest alerts, or, the oldest first, those behind a number. Raises ServiceError."""
        ...


@dataclass(eq=False, slots=True)
class _WaitingBrowser:
    """A browser that waits, in the event loop of its connection; `last` is the number it was told, None until
    it is known what it missed.
    """

    loop: asyncio.AbstractEventLoop
    last: int | None = None
    new: list[NewAlert] = field(default_factory=list)
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, found: Sequence[NewAlert]) -> None:
        """Takes what is new; in the event loop's thread."""
        self.new += [one for one in found if self.last is None or one.number > self.last]
        self.woken.set()

    def begin(self, last: int, missed: Sequence[NewAlert]) -> None:
        """Goes on behind `last`, with what was missed and what has come since; in the event loop's thread."""
        self.last = last
        self.new = [one for one in (*missed, *self.new) if one.number > last]

    def frame(self) -> bytes | None:
        """What is new as a server-sent event; None where nothing is."""
        if not self.new:
            return None
        cameras = sorted({one.camera for one in self.new})
        self.last, self.new = max(one.number for one in self.new), []
        return f"event: alert\nid: {self.last}\ndata: {json.dumps(cameras)}\n\n".encode()


class AlertFeed:
    """The alerts of one database, for the browsers of one server. Its thread runs while somebody waits."""

    def __init__(self, source: AlertSource, *, every: float = _EVERY, ping: float = _PING) -> None:
        """The source is asked every so many seconds; a stream says each `ping` seconds that it is there."""
        self._source = source
        self._every = every
        self._ping = ping
        self._waiting: set[_WaitingBrowser] = set()
        self._last: int | None = None  # what the thread has told; None while there is none
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    def newest(self) -> list[NewAlert]:
        """The newest alerts of all cameras, the newest first. Raises ServiceError."""
        return [NewAlert(*found) for found in self._source.alerts(limit=_SHOWN)]

    async def frames(self, since: int | None, is_open: Callable[[], bool]) -> AsyncIterator[bytes]:
        """Server-sent events for one browser: what came behind the alert `since`, else from now on.

        A frame's id is the newest alert's number, its data the cameras. The stream ends once `is_open`, which
        is asked with every ping, in a thread, says no, and when the feed is closed.
        """
        loop = asyncio.get_running_loop()
        waiting = _WaitingBrowser(loop)
        try:
            with self._lock:  # before what is there is read, so that nothing comes in between
                self._waiting.add(waiting)
            waiting.begin(*await asyncio.to_thread(self._enter, since))
            yield b"retry: 3000\n\n"
            pinged = loop.time()
            while not self._closed.is_set():
                frame = waiting.frame()
                if frame is not None:
                    yield frame
                left = pinged + self._ping - loop.time()
                if left <= 0:
                    if not await asyncio.to_thread(is_open):
                        return
                    yield b": ping\n\n"
                    pinged = loop.time()
                    continue
                try:
                    async with asyncio.timeout(left):
                        await waiting.woken.wait()
                except TimeoutError:
                    continue
                waiting.woken.clear()
        finally:
            with self._lock:
                self._waiting.discard(waiting)

    def close(self) -> None:
        """Ends every stream, so that a server that stops waits for none."""
        self._closed.set()
        with self._lock:
            waiting = list(self._waiting)
        for one in waiting:
            _in_loop(one, ())

    def _behind(self, last: int) -> list[NewAlert]:
        return [NewAlert(*found) for found in self._source.alerts(limit=_READ, behind=last)]

    def _enter(self, since: int | None) -> tuple[int, list[NewAlert]]:
        """Behind which alert a browser that waits goes on, and what it has missed. Raises ServiceError."""
        last = max((one.number for one in self.newest()), default=0)
        missed = [] if since is None or since >= last else self._behind(since)
        with self._lock:
            # Who reads slowly has read less than the thread may have told by now: it tells that again.
            self._last = last if self._last is None else min(self._last, last)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="alerts", daemon=True)
                self._thread.start()
        return last if since is None else since, missed

    def _run(self) -> None:
        while not self._closed.wait(self._every):
            with self._lock:
                last = self._last
                if not self._waiting or last is None:
                    self._thread = self._last = None
                    return
            try:
                found = self._behind(last)
            except Exception as error:  # noqa: BLE001 - nobody waits for this thread's result; it asks again
                told = log.warning if isinstance(error, ServiceError) else log.exception
                told("alerts could not be read", error=str(error))
                continue
            if not found:
                continue
            with self._lock:
                if self._last == last:
                    self._last = found[-1].number
                waiting = list(self._waiting)
            for one in waiting:
                _in_loop(one, found)


def _in_loop(waiting: _WaitingBrowser, found: Sequence[NewAlert]) -> None:
    try:
        waiting.loop.call_soon_threadsafe(waiting.tell, found)
    except RuntimeError:  # its event loop is closed: so is its connection
        log.debug("a browser that waited is gone")
