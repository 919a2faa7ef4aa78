"""How long a video's sound is, told by its packets as they are read."""

from __future__ import annotations

from fractions import Fraction

_CLOSE = 1  # s; a packet this near to the end of the last one follows it


class Hearing:
    """One stream of sound. A time stamp that strays counts for nothing; a clock that steps back, or by more
    than a second where it may begin anew (`restarts`), goes on where the sound before it ended.
    """

    def __init__(self, begins: int | None, unit: Fraction, *, restarts: bool) -> None:
        """`begins`: the time stamp with which the stream begins, in units of `unit` seconds."""
        self._zero, self._unit, self._restarts = begins, unit, restarts
        self._close = round(_CLOSE / unit)
        self._second = float(1 / unit)
        self._end = 0
        self._doubtful: tuple[int, int] | None = None  # where a packet lies that may begin another clock
        self._heard = 0

    @property
    def heard(self) -> float:
        """Seconds of sound that were read."""
        return self._heard / self._second

    @property
    def length(self) -> int | None:
        """From the stream's beginning to the end of what was read, ms; None where nothing was."""
        return int(self._end * self._unit * 1000) if self._end > 0 else None

    def add(self, timestamp: int | None, duration: int) -> None:
        """The next packet, in units."""
        if self._zero is None:
            self._zero = timestamp
        begin = self._end if timestamp is None or self._zero is None else timestamp - self._zero
        step = begin - self._end
        self._heard += duration or max(0, min(step, self._close))
        if abs(step) > self._close and self._end:
            doubtful, self._doubtful = self._doubtful, (begin, begin + duration)
            if doubtful is None or abs(begin - doubtful[1]) > self._close:
                return
            if step < 0 or self._restarts:
                shift = doubtful[0] - self._end
                self._zero, begin = (self._zero or 0) + shift, begin - shift
        self._doubtful = None
        self._end = max(self._end, begin + duration)
