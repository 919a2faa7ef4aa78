"""Turns of sources on a machine's cores: fair, and none so seldom that nobody could be followed."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

FLOOR_SECONDS = 0.5
"""How long a source may wait: at fewer than two samples a second nobody's face is ever believed to be one."""
_FADING = 10.0  # seconds in which half of the time that a source has used is forgotten


@dataclass(slots=True)
class CoreShare:
    """What one source has used of the cores, and how long it waited, in seconds. `last` is when it had a
    turn, by `time.monotonic`. The members are the scheduler's, but for `is_urgent`.
    """

    is_urgent: bool = False
    """Somebody is there who isn't decided yet: the next picture is wanted soon."""
    used: float = 0.0
    waited: float = 0.0
    last: float = field(default_factory=time.monotonic)

    def fade(self, now: float) -> None:
        """Forgets what was long ago."""
        kept: float = 0.5 ** ((now - self.last) / _FADING)
        self.used *= kept


class Turns:
    """Gives turns to sources, `count` at a time: to those first that wait longer than the floor allows, of
    those and of the others first to whom somebody is undecided, then to whoever has used the least time.
    """

    def __init__(self, count: int) -> None:
        self._free = count
        self._waiting: list[CoreShare] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self, share: CoreShare) -> Iterator[None]:
        """Waits for a turn, and has it meanwhile."""
        asked = time.monotonic()
        with self._changed:
            self._waiting.append(share)
            self._changed.wait_for(lambda: self._free > 0 and self._next() is share)
            self._waiting.remove(share)
            self._free -= 1
            self._changed.notify_all()
        began = time.monotonic()
        share.waited += began - asked
        try:
            yield
        finally:
            ended = time.monotonic()
            with self._changed:
                share.fade(ended)
                share.used += ended - began
                share.last = ended
                self._free += 1
                self._changed.notify_all()

    def _next(self) -> CoreShare:
        now = time.monotonic()

        def rank(share: CoreShare) -> tuple[bool, bool, float]:
            return now - share.last < FLOOR_SECONDS, not share.is_urgent, share.used

        return min(self._waiting, key=rank)
