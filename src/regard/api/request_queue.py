"""The queue before workers, which is as long as a server wants to make clients wait."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from regard.errors import ThrottlingException

_MEMORY: Final = 16
"""Requests over which the time that one takes is smoothed: enough to even out pictures of all sizes, few
enough to know within a second or two what is asked now."""


class RequestQueue:
    """Places for the requests that wait for a worker. Thread-safe.

    One that finds no place is throttled, and so is one that would have to wait for too long: its client would
    have given up by then, and the work would be for nobody. How long it would wait is estimated: as many
    requests as are before it, by what one took lately, over the workers.
    """

    def __init__(self, places: int, *, workers: int = 1, seconds: float = math.inf) -> None:
        """A request may wait for `seconds`, as far as that can be estimated."""
        self._places = places
        self._workers = workers
        self._seconds = seconds
        self._taken = 0
        self._each = 0.0  # seconds that a worker takes for one, smoothed
        self.refused = 0
        """How many requests have found no place, or would have waited for too long."""
        self._lock = threading.Lock()

    @property
    def places(self) -> int:
        return self._places

    @property
    def waiting(self) -> int:
        return self._taken

    @property
    def expected_wait(self) -> float:
        """Seconds that the next request would wait."""
        return self._taken * self._each / self._workers

    def refuse_beyond(self) -> None:
        """Raises ThrottlingException where `take` would. It costs next to nothing, and holds nothing."""
        if self._taken >= self._places or self.expected_wait > self._seconds:
            self.refused += 1  # places are asked for in one thread, that of the event loop
            raise ThrottlingException

    def take(self) -> Callable[[], None]:
        """Takes a place. What comes back gives it up, once, from any thread. Raises ThrottlingException."""
        with self._lock:
            self.refuse_beyond()
            self._taken += 1
        held = [True]

        def leave() -> None:
            with self._lock:
                if held:
                    held.clear()
                    self._taken -= 1

        return leave

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Around what a worker does for one request: from this follows how long others will wait."""
        began = time.perf_counter()
        try:
            yield
        finally:
            took = time.perf_counter() - began
            with self._lock:
                self._each += (took - self._each) / _MEMORY
