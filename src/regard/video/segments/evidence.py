"""Where a shot may end: what may be a cut, a dissolve or a fade, with what speaks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.video.segments.stretch import (
    AFTER,
    CUT_PLAIN,
    HALVES,
    MIN_CUT,
    MIN_GRADUAL,
    PLAIN,
    FramePlace,
    Stretch,
)
from regard.vision.pixels import Floats, Pixels

CUT, GRADUAL, PLAIN_RUN, ENTERED, LEFT = "cut", "gradual", "plain", "entered", "left"
LONG = 25  # frames of one colour that are a shot of their own
NEAR = 6  # frames next to it that belong to its entering or leaving
ASIDE = 24  # frames on either side of a run of one colour that are examined
# Frames after which nothing can be found any more that reaches back to a frame.
SETTLED = 2 * HALVES[-1] + HALVES[-1] // 2 + 2


@dataclass(frozen=True, slots=True)
class Candidate:
    """A new shot may begin with frame `at`; from `first` to `last` there is no other boundary if it does."""

    kind: str
    at: int
    first: int
    last: int
    features: Floats


class Watcher:
    """Examines a stretch as it moves on, and names every candidate once, as soon as what follows is known."""

    def __init__(self) -> None:
        self.stretch = Stretch()
        self._run: int | None = None  # first frame of the run of one colour that is under way
        self._ended: list[tuple[int, int]] = []  # runs that are over, what follows them not yet seen

    def add(self, pixels: Pixels, place: FramePlace) -> Iterator[Candidate]:
        """The next frame, by its `signature`."""
        stretch = self.stretch
        stretch.add(pixels, place)
        newest = stretch.count - 1
        yield from self._cut(newest - AFTER + 1)
        for half in HALVES:
            yield from self._gradual(newest - half - max(3, half // 2), half)
        yield from self._plain(newest)

    def finish(self) -> Iterator[Candidate]:
        """Those near the end, of which less is known."""
        newest = self.stretch.count - 1
        for at in range(newest - AFTER + 2, newest + 1):
            yield from self._cut(at)
        for half in HALVES:
            for middle in range(newest - half - max(3, half // 2) + 1, newest - half + 1):
                yield from self._gradual(middle, half)
        for begin, end in self._ended:
            if end < newest:
                yield from self._parted(begin, end)

    def _cut(self, at: int) -> Iterator[Candidate]:
        stretch = self.stretch
        if at <= stretch.first or stretch.change(at) <= MIN_CUT:
            return
        # One colour that grows lighter or darker is a fade, of which there is nothing to compare.
        if self._pictured(at - 1, at) or stretch.change(at) > CUT_PLAIN:
            yield Candidate(CUT, at, at - 3, at + 3, self.stretch.cut(at))

    def _gradual(self, middle: int, half: int) -> Iterator[Candidate]:
        begin, end = middle - half, middle + half
        if begin < self.stretch.first or not self._pictured(begin, end):
            return
        if self.stretch.apart(begin, end) > MIN_GRADUAL:
            yield Candidate(GRADUAL, middle, begin, end, self.stretch.gradual(middle, half))

    def _pictured(self, one: int, other: int) -> bool:
        return max(self.stretch.contrast(one), self.stretch.contrast(other)) >= PLAIN

    def _plain(self, newest: int) -> Iterator[Candidate]:
        stretch = self.stretch
        if stretch.contrast(newest) < PLAIN:
            if self._run is None:
                self._run = newest
            if newest - self._run == LONG - 1 and self._run > stretch.first:
                yield self._edge(ENTERED, self._run, self._run - 1)
        elif self._run is not None:
            run, self._run = self._run, None
            if newest - run < LONG:
                self._ended.append((run, newest - 1))
            else:
                self._ended.append((newest, newest - 1))
        while self._ended and newest >= self._ended[0][1] + ASIDE:
            yield from self._parted(*self._ended.pop(0))

    def _parted(self, begin: int, end: int) -> Iterator[Candidate]:
        if begin > end:  # of a long run only its end is left to tell
            yield self._edge(LEFT, begin, min(self.stretch.count - 1, begin + ASIDE - 1))
        elif begin > self.stretch.first:
            middle = (begin + end + 1) // 2
            yield Candidate(PLAIN_RUN, middle, begin - ASIDE, end + ASIDE, self.stretch.plain(begin, end))

    def _edge(self, kind: str, at: int, beside: int) -> Candidate:
        """Where a long run of one colour is entered or left, with the contrast of the picture beside it."""
        stretch = self.stretch
        beside = max(range(max(stretch.first, beside - ASIDE), beside + 1), key=stretch.contrast)
        features = np.array([stretch.contrast(beside)], np.float32)
        first, last = (at - NEAR, at + LONG - 1) if kind == ENTERED else (at - LONG + 1, at + NEAR)
        return Candidate(kind, at, first, last, features)

    def state(self) -> dict[str, Any]:
        return {"stretch": self.stretch.state(), "run": self._run, "ended": self._ended}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Watcher:
        watcher = cls()
        watcher.stretch = Stretch.restore(state["stretch"])
        watcher._run = state["run"]
        watcher._ended = [(begin, end) for begin, end in state["ended"]]
        return watcher
