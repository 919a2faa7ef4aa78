"""Where a shot may end: what may be a cut, a dissolve or a fade, with what speaks for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.video.segments.stretch import FramePlace, Frames, Stretch
from regard.video.segments.transitions import (
    AFTER,
    HALVES,
    aside,
    cuts,
    graduals,
    greatest_contrast,
    plain,
)
from regard.vision.pixels import Floats, Pixels

CUT, GRADUAL, PLAIN_RUN, ENTERED, LEFT = "cut", "gradual", "plain", "entered", "left"
PLAIN = 3.0  # grey levels; a picture of less contrast is of one colour
MIN_CUT = 4.0  # grey levels of mean change; a cut has more
CUT_PLAIN = 40.0  # from one colour to another
MIN_GRADUAL = 0.15  # a gradual transition's ends are less alike
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
    """Examines a stretch as it moves on, batch by batch, and names every candidate once, when what follows is
    known."""

    def __init__(self) -> None:
        self.stretch = Stretch()
        self._run: int | None = None  # first frame of the run of one colour that is under way
        self._ended: list[tuple[int, int]] = []  # runs that are over, what follows them not yet seen

    def add(self, pixels: Pixels, place: FramePlace) -> list[Candidate] | None:
        """The next frame, by its `signature`. What is found now that a batch is full; None while it isn't."""
        return self._examine() if self.stretch.add(pixels, place) else None

    def finish(self) -> list[Candidate]:
        """What is left when there are no more frames; of those near the end less is known."""
        found = self._examine()
        newest = self.stretch.count - 1
        found += self._cuts(newest - AFTER + 2, newest)
        for half in HALVES:
            found += self._graduals(newest - half - aside(half) + 1, newest - half, half)
        for begin, end in self._ended:
            if end < newest:
                found += self._parted(begin, end, newest)
        return found

    def _examine(self) -> list[Candidate]:
        """What is certain now of what the frames that weren't examined yet are the last to tell."""
        new = self.stretch.describe()
        if not new:
            return []
        found = self._cuts(new[0] - AFTER + 1, new[-1] - AFTER + 1)
        for half in HALVES:
            behind = half + aside(half)
            found += self._graduals(new[0] - behind, new[-1] - behind, half)
        return [*found, *self._plains(new)]

    def _cuts(self, first: int, last: int) -> list[Candidate]:
        at = np.arange(max(first, self.stretch.first + 1), last + 1)
        change = self.stretch.changes(at)
        # One colour that grows lighter or darker is a fade, of which there is nothing to compare.
        at = at[(change > MIN_CUT) & (self._pictured(at - 1, at) | (change > CUT_PLAIN))]
        if not len(at):
            return []
        return [
            Candidate(CUT, frame, frame - 3, frame + 3, features)
            for frame, features in zip(at.tolist(), cuts(self.stretch, at), strict=True)
        ]

    def _graduals(self, first: int, last: int, half: int) -> list[Candidate]:
        middles = np.arange(max(first, self.stretch.first + half), last + 1)
        begin, end = middles - half, middles + half
        middles = middles[self._pictured(begin, end) & (self.stretch.apart(begin, end) > MIN_GRADUAL)]
        if not len(middles):
            return []
        return [
            Candidate(GRADUAL, middle, middle - half, middle + half, features)
            for middle, features in zip(middles.tolist(), graduals(self.stretch, middles, half), strict=True)
        ]

    def _pictured(self, ones: Frames, others: Frames) -> NDArray[np.bool_]:
        return np.maximum(self.stretch.contrasts(ones), self.stretch.contrasts(others)) >= PLAIN

    def _plains(self, new: range) -> Iterator[Candidate]:
        is_plain = (self.stretch.contrasts(np.array(new)) < PLAIN).tolist()
        if self._run is None and not self._ended and not any(is_plain):
            return
        for newest, of_one_colour in zip(new, is_plain, strict=True):
            yield from self._plain(newest, of_one_colour=of_one_colour)

    def _plain(self, newest: int, *, of_one_colour: bool) -> Iterator[Candidate]:
        if of_one_colour:
            if self._run is None:
                self._run = newest
            if newest - self._run == LONG - 1 and self._run > self.stretch.first:
                yield self._edge(ENTERED, self._run, self._run - 1)
        elif self._run is not None:
            run, self._run = self._run, None
            if newest - run < LONG:
                self._ended.append((run, newest - 1))
            else:
                self._ended.append((newest, newest - 1))
        while self._ended and newest >= self._ended[0][1] + ASIDE:
            yield from self._parted(*self._ended.pop(0), newest)

    def _parted(self, begin: int, end: int, newest: int) -> Iterator[Candidate]:
        if begin > end:  # of a long run only its end is left to tell
            yield self._edge(LEFT, begin, min(newest, begin + ASIDE - 1))
        elif begin > self.stretch.first:
            features = plain(self.stretch, begin, end, newest)
            yield Candidate(PLAIN_RUN, (begin + end + 1) // 2, begin - ASIDE, end + ASIDE, features)

    def _edge(self, kind: str, at: int, beside: int) -> Candidate:
        """Where a long run of one colour is entered or left, with the contrast of the picture beside it."""
        contrast = greatest_contrast(self.stretch, max(self.stretch.first, beside - ASIDE), beside)
        first, last = (at - NEAR, at + LONG - 1) if kind == ENTERED else (at - LONG + 1, at + NEAR)
        return Candidate(kind, at, first, last, np.array([contrast], np.float32))

    def state(self) -> dict[str, Any]:
        return {"stretch": self.stretch.state(), "run": self._run, "ended": self._ended}

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Watcher:
        watcher = cls()
        watcher.stretch = Stretch.restore(state["stretch"])
        watcher._run = state["run"]
        watcher._ended = [(begin, end) for begin, end in state["ended"]]
        return watcher
