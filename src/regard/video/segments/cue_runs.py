"""Runs of frames that are alike, from which technical cues are told: kept as sums, so they stay small."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FrameSpan:
    """Frames `first` to `last`, at `start` to `end` ms; `before` and `after` are the times of those
    next to them (the same where there is none)."""

    first: int
    last: int
    start: int
    end: int
    before: int
    after: int

    def reach(self, number: int, timestamp: int) -> None:
        """Goes on to that frame; what comes after it isn't known yet."""
        self.last, self.end, self.after = number, timestamp, timestamp


@dataclass(slots=True)
class Run(FrameSpan):
    """A run of black frames, or of colour bars; `total` is the sum of a measure over its `frames`."""

    frames: int = 0
    total: float = 0.0

    @property
    def mean(self) -> float:
        return self.total / max(1, self.frames)


@dataclass(slots=True)
class Still(FrameSpan):
    """A picture before a plain background that stays as it is: sums over its `frames`, and the text in it."""

    frames: int = 0
    share: float = 0.0  # of the background
    across: float = 0.0  # the middle of what stands before it, in parts of the frame
    down: float = 0.0
    area: float = 0.0  # of its box
    samples: int = 0  # frames in which text was searched for
    lines: float = 0.0
    text_area: float = 0.0  # of the box around all lines


@dataclass(slots=True)
class Block(FrameSpan):
    """Frames in which text was searched for and found, with nothing black between them."""

    samples: int = 0
    lines: float = 0.0
    plain: float = 0.0  # samples before a plain background
    cards: int = 1  # layouts that followed each other
