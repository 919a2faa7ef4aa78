"""Time stamps as they should be: frames go on at their rate where a stamp, or the whole clock, jumps."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import ceil
from statistics import median
from typing import Generic, TypeVar

_RESTART = (
    10  # s; a longer step is a new clock in a format that may have one, as FFmpeg's dts_delta_threshold
)
_OFTEN = 20  # times the usual interval: frames this far apart are far apart throughout
_LATE = 1.5  # times the usual interval: frames further apart are doubtful
_AROUND = 8  # frames on either side of a step, to which the sound that was read is compared
_REMEMBERED = 15  # intervals, of which the usual one is the median

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pauses:
    """Which long steps of the time stamps are pauses that somebody recorded: slides, a screen on which
    nothing moved, frames that a camera dropped.

    A step is one where steps like it are usual. One that stands alone is one in a format with a single clock
    (`restarts` is false: MP4, Matroska), as long as it stays within the duration that the file states (`end`,
    in ticks from the first frame; None where it states none). Where the clock may begin anew (MPEG-TS), it is
    one when it is short, or when sound was heard for half of it or more.
    """

    second: float
    """Ticks of a second."""
    restarts: bool = False
    end: int | None = None

    def is_one(self, until: int, length: int, usual: float, heard: float) -> bool:
        """Whether the step of `length` up to the time `until` is one, in ticks; `heard`: seconds of sound
        that there would be too much of if it were none."""
        if length <= _OFTEN * usual:
            return True
        if self.restarts:
            return length <= _RESTART * self.second or heard * self.second >= length / 2
        return self.end is None or until <= self.end


@dataclass(frozen=True, slots=True)
class Stamped(Generic[T]):
    """`timestamp` in ticks, None where there is none; `heard`: seconds of sound that were read before it."""

    timestamp: int | None
    item: T
    heard: float = 0.0


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """`ticks` from the first frame. `on_clock`: its own time stamp says so, but for where the clock began."""

    ticks: int
    item: T
    on_clock: bool


class Continuity(Generic[T]):
    """Gives frames in the order in which they are shown times that rise, close to their time stamps.

    A few frames whose stamps stray from a clock to which the next frames return stand between their
    neighbours. Where the clock itself steps back, or ahead by what is no pause, frames go on at the usual
    interval. To tell the two apart, frames with doubtful stamps are held back, `ahead` of them at most.
    """

    def __init__(self, pauses: Pauses, interval: int, *, ahead: int, begins: int | None = None) -> None:
        """`interval` between two frames, in ticks, as the file states it. `begins`: the time stamp that is 0,
        that of the first frame where none is given."""
        self._pauses, self._interval, self._ahead = pauses, interval, max(ahead, 1)
        self._zero = begins
        self._held: deque[Stamped[T]] = deque()
        self._steps: deque[int] = deque()
        self._ordered: list[int] = []  # the same, the shortest first
        self._last: int | None = None
        self._around: deque[tuple[int, float]] = deque(maxlen=_AROUND)  # the last frames' ticks, sound read

    @property
    def last(self) -> int | None:
        """Ticks of the last frame that was placed."""
        return self._last

    @property
    def usual(self) -> int:
        """Ticks from one frame to the next, at least one."""
        return self._ordered[len(self._ordered) // 2] if self._ordered else self._interval

    def add(self, frame: Stamped[T]) -> Iterator[Placed[T]]:
        """The frames that are placed for good now that this one, the next, is known."""
        self._held.append(frame)
        return self._settle(over=False)

    def finish(self) -> Iterator[Placed[T]]:
        """Those that are left when there are no more."""
        return self._settle(over=True)

    def _settle(self, *, over: bool) -> Iterator[Placed[T]]:
        while self._held:
            ticks, last, usual = self._ticks(self._held[0]), self._last, self.usual
            if ticks is None:
                yield self._placed(0 if last is None else last + usual, on_clock=False)
            elif last is None or last < ticks <= last + _LATE * usual:
                yield self._placed(ticks)
            elif strays := self._strays(ticks, last, usual):
                yield from strays
            elif not over and len(self._held) <= self._patience(ticks - last, usual):
                return
            else:
                yield self._stepped(ticks, last, usual)

    def _ticks(self, frame: Stamped[T]) -> int | None:
        if frame.timestamp is None:
            return None
        if self._zero is None:
            self._zero = frame.timestamp
        return frame.timestamp - self._zero

    def _patience(self, step: int, usual: int) -> int:
        """How many frames have to be known after one that comes so late, or early: as many as might stray."""
        return min(self._ahead, ceil(step / usual)) if step > 0 else self._ahead

    def _strays(self, ticks: int, last: int, usual: int) -> list[Placed[T]]:
        """The first of the frames that are held, up to the one that is back on the clock; none where no frame
        is, or where they have no room before it."""
        for place, frame in enumerate(self._held):
            back = self._ticks(frame)
            if place and back is not None and last < back and not last < ticks <= back:
                room = (back - last) / (place + 1)
                if room < max(1, usual / 2):
                    break
                apart = min(usual, room)
                times = [last + round(number * apart) for number in range(1, place + 1)]
                return [self._placed(time, on_clock=False) for time in times]
        return []

    def _stepped(self, ticks: int, last: int, usual: int) -> Placed[T]:
        """The next frame, where the clock has stepped: a pause, or a clock that began anew."""
        step = ticks - last
        known = [time for time in map(self._ticks, self._held) if time is not None]
        following = [after - before for before, after in pairwise(known) if after > before]
        often = max(usual, median(following)) if following else usual
        if step <= 0 or not self._pauses.is_one(ticks, step, often, self._surplus(step)):
            self._zero = (self._zero or 0) + step - usual
            ticks = last + usual
        return self._placed(ticks, step=step)

    def _surplus(self, step: int) -> float:
        """Seconds of sound that were read around this step beyond those of the frames, if it lasted no time.

        Where in the file sound lies that is heard at a frame's time is known only to a few frames."""
        later = self._held[min(len(self._held) - 1, _AROUND)]
        end, second = self._ticks(later), self._pauses.second
        if end is None:
            return 0.0
        return max(later.heard - heard - (end - before - step) / second for before, heard in self._around)

    def _remember(self, step: int) -> None:
        self._steps.append(step)
        insort(self._ordered, step)
        if len(self._steps) > _REMEMBERED:
            del self._ordered[bisect_left(self._ordered, self._steps.popleft())]

    def _placed(self, ticks: int, *, on_clock: bool = True, step: int = 0) -> Placed[T]:
        frame = self._held.popleft()
        if on_clock and self._last is not None:
            self._remember(step if step > 0 else ticks - self._last)
        self._last = ticks
        self._around.append((ticks, frame.heard))
        return Placed(ticks, frame.item, on_clock)


def continuous(frames: Iterable[Stamped[T]], continuity: Continuity[T]) -> Iterator[Placed[T]]:
    """All of them, placed."""
    for frame in frames:
        yield from continuity.add(frame)
    yield from continuity.finish()
