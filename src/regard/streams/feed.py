"""One source and the processors that share it: a thread that waits for samples and takes turns."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import structlog

from regard.streams.held import Ended, HeldStream
from regard.streams.running import SourceStanding, StreamSource
from regard.streams.turns import CoreShare, Turns

_ASK = 0.5  # seconds that a sample is waited for before the processors are asked what else is to be done
_STALE = 0.25  # seconds of waiting for a turn after which a newer sample is better

log: Any = structlog.get_logger(__name__)


class SourceFeed:
    """Samples of one source, for each of its processors. `is_recorded`: the source's samples come in bursts,
    and each counts.
    """

    def __init__(self, source: StreamSource, turns: Turns, *, name: str, is_recorded: bool) -> None:
        self._source = source
        self._turns = turns
        self._is_recorded = is_recorded
        self._lock = threading.Lock()
        self._held: list[HeldStream] = []
        self._stop = threading.Event()
        self.share = CoreShare()
        self.samples = 0
        """How many samples were taken."""
        self._thread = threading.Thread(target=self._run, name=f"source {name}", daemon=True)

    def start(self, held: Iterable[HeldStream]) -> None:
        """Begins with these processors."""
        self._held = list(held)
        self._thread.start()

    def join(self, held: HeldStream) -> bool:
        """Adds a processor; False where the feed has ended."""
        with self._lock:
            if self._stop.is_set():
                return False
            self._held.append(held)
            return True

    @property
    def held(self) -> list[HeldStream]:
        """The processors that it has now; a turn that is under way may end one."""
        return list(self._held)

    @property
    def is_over(self) -> bool:
        """Whether it has no processors any more, and its source is closed."""
        return self._stop.is_set() and not self._thread.is_alive()

    @property
    def is_playing(self) -> bool:
        return str(self._source.state.word) == "PLAYING"

    def remove(self, held: HeldStream, leave: Callable[[HeldStream], None]) -> None:
        """Takes a processor out, between two turns of its own, and leaves it as is said."""
        with self._lock:
            if held in self._held:
                self._held.remove(held)
                leave(held)
            if not self._held:
                self._stop.set()

    def close(self, leave: Callable[[HeldStream], None]) -> None:
        """Leaves all of its processors as is said, and ends."""
        for held in self.held:
            self.remove(held, leave)
        self._stop.set()
        self._thread.join(10)

    def _run(self) -> None:
        try:
            self._source.start()
            while not self._stop.is_set():
                self._turn(self._source.ask(_ASK))
        except Exception:
            log.exception("a source failed")
            for held in self.held:
                self.remove(held, lambda one: one.fail())
        finally:
            self._stop.set()
            self._source.close()

    def _turn(self, sample: Any | None) -> None:
        if sample is None:
            self._each(lambda held: self._wait(held))
            return
        began = time.monotonic()
        with self._turns.turn(self.share):
            if not self._is_recorded and time.monotonic() - began > _STALE:
                sample = self._source.ask(0.0) or sample
            self.samples += 1
            urgent = self._each(lambda held: held.take(sample, *self._standing()))
        self.share.is_urgent = urgent

    def _wait(self, held: HeldStream) -> bool:
        held.wait(*self._standing())
        return False

    def _standing(self) -> tuple[SourceStanding, Mapping[str, Any]]:
        return self._source.state, self._source.checkpoint

    def _each(self, act: Callable[[HeldStream], bool]) -> bool:
        """Does something with each processor; whether any wants the next sample soon."""
        urgent = False
        with self._lock:
            for held in list(self._held):
                try:
                    urgent |= act(held)
                except Ended:
                    self._held.remove(held)
            if not self._held:
                self._stop.set()
        return urgent
