"""Which boxes of one sample are those of the samples before, where the analysis doesn't say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from regard.video.following.assignment import assign
from regard.vision.geometry import areas, iou

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the picture."""

GAP = 1_500  # ms for which something may be missed and still be the same
_NEAR = 2.0  # own sizes that something moves at most from one sample to the next
_MIN_EVIDENCE = 0.25  # that two boxes are of the same
_ALIKE = 0.8  # of the letters of two readings of one line
_IN_PLACE = 0.3  # of the area that two readings of one line share at least


@dataclass(slots=True)
class _Track:
    number: int
    name: str
    box: Box
    at: int


class Linker:
    """Sample by sample. `reading`: the names are what was read, which may differ a little in the same place;
    otherwise only boxes of one name are linked. Times rise."""

    def __init__(self, *, reading: bool = False) -> None:
        self._reading = reading
        self._open: list[_Track] = []
        self._next = 0

    def link(self, at: int, names: Sequence[str], boxes: Sequence[Box]) -> list[int]:
        """The track's number of each box, at `at` ms."""
        self._open = [track for track in self._open if at - track.at <= GAP]
        pairs = assign(self._evidence(names, boxes), _MIN_EVIDENCE)
        linked = {column: self._open[row] for row, column in pairs}
        numbers = []
        for column, (name, box) in enumerate(zip(names, boxes, strict=True)):
            track = linked.get(column)
            if track is None:
                track = _Track(self._next, name, box, at)
                self._next += 1
                self._open.append(track)
            track.name, track.box, track.at = name, box, at
            numbers.append(track.number)
        return numbers

    def _evidence(self, names: Sequence[str], boxes: Sequence[Box]) -> NDArray[np.float64]:
        """(tracks, boxes); −inf where they can't be the same."""
        before = np.array([track.box for track in self._open], np.float64).reshape(-1, 4)
        now = np.array(boxes, np.float64).reshape(-1, 4)
        shared, apart = iou(before, now), _apart(before, now)
        same = np.array([[track.name == name for name in names] for track in self._open], bool)
        same = same.reshape(len(before), len(now))
        evidence = shared + np.maximum(1 - apart / _NEAR, 0) * _alike(before, now)
        if not self._reading:
            return np.where(same, evidence, -np.inf)
        evidence = shared + same * (1 + 1 / (1 + apart))  # lines that roll move further than they are high
        for row, column in zip(*np.nonzero(~same & (shared >= _IN_PLACE)), strict=True):
            same[row, column] = _reads_alike(self._open[row].name, names[column])
        return np.where(same, evidence, -np.inf)


def _reads_alike(one: str, other: str) -> bool:
    """Whether two readings may be of one line; the next subtitle stands in the same place and is another."""
    return SequenceMatcher(None, one.casefold(), other.casefold(), autojunk=False).ratio() >= _ALIKE


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """The smaller area by the larger of every two boxes, (N, M)."""
    sizes = [np.maximum(areas(boxes), 1e-12) for boxes in (one, other)]
    ratio = sizes[0][:, None] / sizes[1][None]
    alike: NDArray[np.float64] = np.minimum(ratio, 1 / ratio)
    return alike


def _apart(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far the middles of every two boxes are apart, in their mean sizes across and down, (N, M)."""
    middles = [(boxes[:, :2] + boxes[:, 2:]) / 2 for boxes in (one, other)]
    sizes = [np.maximum(boxes[:, 2:] - boxes[:, :2], 1e-6) for boxes in (one, other)]
    steps = np.abs(middles[0][:, None] - middles[1][None]) * 2 / (sizes[0][:, None] + sizes[1][None])
    apart: NDArray[np.float64] = np.sqrt(np.square(steps).sum(2))
    return apart
