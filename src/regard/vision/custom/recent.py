"""What networks have just read in pictures, so that a second model pays for its head alone."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from regard.vision.pixels import Floats

_SECONDS: Final = 10.0
_BYTES: Final = 64_000_000  # cells of five pictures, or features of twelve thousand

Key = tuple[str, str, str]  # who asked, which network by its digest, which picture by its digest


@dataclass(frozen=True, eq=False, slots=True)
class SizedFeatures:
    """What heads need of a picture: what a network made of it, and how large it is, px, upright."""

    features: Floats
    width: int
    height: int


@dataclass(frozen=True, eq=False, slots=True)
class _RecentRead:
    read: SizedFeatures
    until: float  # of the monotonic clock


class RecentFeatures:
    """Features of the pictures that somebody asked about within `seconds`, in at most `limit` bytes.

    Whoever has them needs the picture no more, so that it isn't decoded again. They are for whoever asked
    before: nobody learns from the time of an answer what others ask about. Neither the picture nor an answer
    is kept, nothing is written to disk, and a timer erases features though nobody asks again. Thread-safe.
    """

    def __init__(self, *, seconds: float = _SECONDS, limit: int = _BYTES) -> None:
        self._seconds = seconds
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, _RecentRead] = OrderedDict()  # the oldest first
        self._timer: threading.Timer | None = None

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Key, read: Callable[[], SizedFeatures]) -> SizedFeatures:
        """The features of a key, read anew unless they were read within the last seconds. They aren't to be
        written to. Raises what `read` raises, and then keeps nothing.
        """
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and kept.until > time.monotonic():
            return kept.read
        found = read()
        with self._lock:
            self._kept.pop(key, None)
            self._kept[key] = _RecentRead(found, time.monotonic() + self._seconds)
            while sum(one.read.features.nbytes for one in self._kept.values()) > self._limit:
                self._kept.popitem(last=False)
            self._wait()
        return found

    def _wait(self) -> None:
        """Has the oldest erased in time. The lock is held."""
        if self._timer is None and self._kept:
            oldest = next(iter(self._kept.values()))
            self._timer = threading.Timer(max(0.0, oldest.until - time.monotonic()), self._erase)
            self._timer.daemon = True
            self._timer.start()

    def _erase(self) -> None:
        with self._lock:
            self._timer = None
            now = time.monotonic()
            while self._kept and next(iter(self._kept.values())).until <= now:
                self._kept.popitem(last=False)
            self._wait()
