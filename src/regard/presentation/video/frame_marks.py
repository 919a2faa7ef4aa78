"""Where everything that was found is in every frame, between the samples too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.linking import GAP
from regard.presentation.video.sightings import (
    FACE,
    MATCH,
    OBJECT,
    PERSON,
    SIGHTING_KINDS,
    Sighting,
    all_sightings,
)
from regard.video.following.trails import Trails
from regard.vision.geometry import iou

_AHEAD = GAP + 1_000  # ms that are known beyond the frame that is drawn
_SAME_FACE = 0.4  # intersection over union


@dataclass(slots=True)
class _Trail:
    """One spell of something in one shot."""

    number: int
    kind: str
    shot: int
    last: int
    box: NDArray[np.float64]
    names: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Cut:
    """The first frame of a shot and the one before it, ms: where the samples are follows from them."""

    at: int
    before: int


@dataclass(frozen=True, slots=True)
class FrameMark:
    """Something in a frame; `number` is its own as long as it is there. `box` in px."""

    number: int
    kind: str
    name: str
    box: tuple[float, float, float, float]


class FrameMarks:
    """Frame by frame, from the first to the last. `width`, `height` of the frames in px. `changes`: of every
    frame in turn its timestamp and whether a shot begins with it, read some seconds ahead.

    Nothing is carried over a cut: from the last sample before it on marks stay where they were, and until
    the first after it they are where they are seen then.
    """

    def __init__(
        self, found: VideoFindings, changes: Iterator[tuple[int, bool]], width: int, height: int
    ) -> None:
        self._sightings = _drawn(found)
        self._intervals = {
            kind.name: found.intervals[kind.operation]
            for kind in SIGHTING_KINDS
            if kind.operation in found.ran
        }
        self._next = next(self._sightings, None)
        self._changes, self._known = changes, -1
        self._cuts = [_Cut(0, -1)]
        self._scale = np.array([width, height, width, height], np.float64)
        self._trails = Trails(bridge=GAP)
        self._over = False
        self._open: dict[tuple[str, int], _Trail] = {}
        self._shown: dict[int, _Trail] = {}
        self._count = 0

    def at(self, timestamp: int) -> list[FrameMark]:
        """What is in the frame at that time, ms. Times rise."""
        self._advance(timestamp + _AHEAD)
        numbers, boxes = self._trails.at(timestamp)
        shown = []
        for number, box in zip(numbers.tolist(), boxes.tolist(), strict=True):
            trail = self._shown[number]
            left, top, right, bottom = box
            name = trail.names.most_common(1)[0][0]
            shown.append(FrameMark(number, trail.kind, name, (left, top, right, bottom)))
        still = {trail.number for trail in self._open.values()}
        self._shown = {
            number: trail
            for number, trail in self._shown.items()
            if number in still or trail.last >= timestamp
        }
        return shown

    def _advance(self, until: int) -> None:
        while self._known < until:
            change = next(self._changes, None)
            if change is None:
                if not self._over:
                    self._cuts.append(_Cut(self._known + 1, self._known))
                    self._over = True
                break
            before, (self._known, cut) = self._known, change
            if cut:
                self._cuts.append(_Cut(self._known, before))
        while self._next is not None and (self._over or self._next.at <= self._known):
            self._add(self._next)
            self._next = next(self._sightings, None)
        for key, trail in list(self._open.items()):
            if self._known - trail.last > GAP or self._end_of(trail.shot) is not None:
                self._end(key)

    def _add(self, one: Sighting) -> None:
        shot = next(place for place in reversed(range(len(self._cuts))) if self._cuts[place].at <= one.at)
        key = one.kind, one.track
        trail = self._open.get(key)
        if trail is not None and (trail.shot != shot or one.at - trail.last > GAP):
            self._end(key)
            trail = None
        box = np.array(one.box) * self._scale
        if trail is None:
            trail = _Trail(self._count, one.kind, shot, one.at, box)
            self._count += 1
            self._open[key] = self._shown[trail.number] = trail
            begins, interval = self._cuts[shot], self._intervals[one.kind]
            is_first = begins.before >= (one.at // interval - 1) * interval
            early = begins.at if is_first or shot == 0 == one.at // interval else one.at - interval // 2
            if early < one.at:
                self._trails.add(early, [trail.number], box[None])
        self._trails.add(one.at, [trail.number], box[None])
        trail.last, trail.box = one.at, box
        trail.names[f"face {one.track}" if one.kind == FACE.name else one.name] += 1

    def _end(self, key: tuple[str, int]) -> None:
        trail = self._open.pop(key)
        interval, ends = self._intervals[trail.kind], self._end_of(trail.shot)
        late = trail.last + interval // 2
        if ends is not None and ends.before < (trail.last // interval + 1) * interval:
            late = ends.at - 1
        if late > trail.last:
            self._trails.add(late, [trail.number], trail.box[None])
            trail.last = late

    def _end_of(self, shot: int) -> _Cut | None:
        """When the next shot begins, as far as is known."""
        return self._cuts[shot + 1] if shot + 1 < len(self._cuts) else None


def _drawn(found: VideoFindings) -> Iterator[Sighting]:
    """Without what is said twice: persons as objects, and faces that were searched for."""
    for _, group in groupby(all_sightings(found), key=lambda one: one.at):
        seen = list(group)
        if PERSON.operation in found.ran:
            seen = [one for one in seen if (one.kind, one.name) != (OBJECT.name, "Person")]
        searched = np.array([one.box for one in seen if one.kind == MATCH.name], np.float64).reshape(-1, 4)
        for one in seen:
            shared = iou(np.array([one.box], np.float64), searched)
            if one.kind != FACE.name or not (shared > _SAME_FACE).any():
                yield one
