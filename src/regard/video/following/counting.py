"""Counting people who were followed through a video: how many when, who passed a line, who stayed how long.

Everything is counted in one pass over the moments, in the order of time; of a person a handful of numbers is
kept, however long the video.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

BREAK = 1_000
"""ms between two sightings of a person above which they don't count as seen meanwhile."""

STRAY = 0.05
"""How far behind a line, in heights of their box, somebody is surely past it: boxes tremble."""


@dataclass(frozen=True, slots=True)
class PersonSighting:
    """A person, by their `index`, at a moment, ms; their box, in fractions of the frame's sides."""

    timestamp: int
    index: int
    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class CountingLine:
    """A line across the frame, from one end to the other, in fractions of the frame's width and height.

    Who stands at the first end and faces the second has people enter from the left hand to the right hand,
    and exit from right to left: across a line from the left of the frame to its right people enter downwards.
    """

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class Interval:
    """From `start`, ms: how many `persons` were seen, how many at once at most, and who passed the line."""

    start: int
    persons: int
    at_once: int
    entries: int
    exits: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A person: the `first` and the `last` moment at which they were seen, and for how long, all in ms."""

    index: int
    first: int
    last: int
    seen: int
    entries: int
    exits: int

    @property
    def dwell(self) -> int:
        """From the first moment to the last, ms."""
        return self.last - self.first


@dataclass(frozen=True, slots=True)
class Counts:
    """`visits` in the order in which people were first seen."""

    intervals: list[Interval]
    visits: list[Visit]
    at_once: int


@dataclass(slots=True)
class _Way:
    """What is known of a person. `side` of the line: 1 right, -1 left, 0 not yet known; `through`: how often
    they passed it since they were surely on that side, to the right less to the left."""

    first: int
    last: int
    seen: int = 0
    entries: int = 0
    exits: int = 0
    side: int = 0
    through: int = 0
    foot: tuple[float, float] = (0.0, 0.0)


@dataclass(slots=True)
class _IntervalTally:
    persons: set[int] = field(default_factory=set)
    at_once: int = 0
    entries: int = 0
    exits: int = 0


def count_people(
    sightings: Iterable[PersonSighting],
    *,
    interval: int,
    duration: int,
    line: CountingLine | None = None,
    aspect: float = 1.0,
) -> Counts:
    """Counts the people of a video of `duration` ms, for each `interval` of it, ms; the last may be shorter.

    Sightings come in the order of their timestamps; one after `duration` makes the video longer. `aspect` is
    the frame's width by its height, by which distances are the same in every direction.

    Where somebody stands is the foot of their box, the middle of its lower edge. They pass the line when the
    straight way between two sightings crosses it between its ends. That counts once they are surely on the
    other side, 5 % of their box's height from it: at that moment, and once, however they trembled meanwhile.
    Who was first seen beyond the line hasn't passed it, nor who went around its end.
    """
    crossings = None if line is None else _Crossings(line, aspect)
    ways: dict[int, _Way] = {}
    done: list[Interval] = []
    tally, now, present = _IntervalTally(), -1, set[int]()
    highest = 0

    def close(upto: int) -> None:
        nonlocal tally
        while (len(done) + 1) * interval <= upto:
            done.append(_interval(len(done) * interval, tally))
            tally = _IntervalTally()

    for one in sightings:
        if one.timestamp != now:
            now, present = one.timestamp, set()
            close(now)
        present.add(one.index)
        tally.persons.add(one.index)
        tally.at_once = max(tally.at_once, len(present))
        highest = max(highest, len(present))
        way = ways.get(one.index)
        if way is None:
            way = ways[one.index] = _Way(now, now)
        elif now - way.last <= BREAK:
            way.seen += now - way.last
        way.last = now
        if crossings is not None:
            passed = crossings.follow(way, one)
            way.entries += passed > 0
            way.exits += passed < 0
            tally.entries += passed > 0
            tally.exits += passed < 0
    close(duration)
    if tally.persons or len(done) * interval < duration:
        done.append(_interval(len(done) * interval, tally))
    visits = [
        Visit(index, way.first, way.last, way.seen, way.entries, way.exits) for index, way in ways.items()
    ]
    return Counts(done, visits, highest)


def quantiles(values: Sequence[int], shares: Sequence[float]) -> list[float]:
    """The values below which these shares of all lie, interpolated linearly; there is at least one value."""
    return [float(value) for value in np.quantile(np.asarray(values, np.float64), shares)]


def _interval(start: int, tally: _IntervalTally) -> Interval:
    return Interval(start, len(tally.persons), tally.at_once, tally.entries, tally.exits)


class _Crossings:
    """A line that people pass. Coordinates are in heights of the frame."""

    def __init__(self, line: CountingLine, aspect: float) -> None:
        self._aspect = aspect
        self._x, self._y = line.x1 * aspect, line.y1
        self._dx, self._dy = line.x2 * aspect - self._x, line.y2 - self._y
        self._length = float(np.hypot(self._dx, self._dy))
        if not self._length:
            raise ValueError("A line has two ends.")

    def follow(self, way: _Way, sighting: PersonSighting) -> int:
        """1 where it is certain now that they entered, -1 for an exit, else 0."""
        foot = (
            (sighting.left + sighting.width / 2) * self._aspect,
            sighting.top + sighting.height,
        )
        beyond = self._beyond(foot)
        if way.side:
            way.through += self._crossing(way.foot, foot)
        way.foot = foot
        if abs(beyond) <= STRAY * sighting.height:
            return 0
        side = 1 if beyond > 0 else -1
        passed = side if side == -way.side and way.through * side > 0 else 0
        way.side, way.through = side, 0
        return passed

    def _beyond(self, point: tuple[float, float]) -> float:
        """How far to the right of the endless line through the two ends."""
        x, y = point[0] - self._x, point[1] - self._y
        return (self._dx * y - self._dy * x) / self._length

    def _crossing(self, before: tuple[float, float], after: tuple[float, float]) -> int:
        """1 where the way crosses the line to its right, -1 to its left; 0 where it doesn't, or beside it."""
        start, end = self._beyond(before), self._beyond(after)
        if (start > 0) == (end > 0):
            return 0
        share = start / (start - end)
        x = before[0] + share * (after[0] - before[0]) - self._x
        y = before[1] + share * (after[1] - before[1]) - self._y
        along = (x * self._dx + y * self._dy) / self._length**2
        if not 0 <= along <= 1:
            return 0
        return 1 if end > 0 else -1
