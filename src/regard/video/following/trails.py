"""Where tracks are at any time between the samples, for who asks every frame."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.video.following.motion import Floats, to_boxes, to_places

_Point = tuple[int, tuple[float, float, float, float]]


class Trails:
    """The sights of tracks, and straight lines between them.

    `bridge`: ms; two sights that are further apart have nothing between them. `keep`: ms before the latest
    sight, for which sights are kept; so the memory is bounded.
    """

    def __init__(self, *, bridge: int = 1_500, keep: int = 10_000) -> None:
        self._bridge, self._keep = bridge, keep
        self._points: dict[int, list[_Point]] = {}
        self._latest = 0

    def add(self, timestamp: int, ids: Sequence[int] | NDArray[np.intp], boxes: Floats) -> None:
        """The tracks `ids` (N,) were seen at `boxes` (N, 4), left, top, right, bottom, px; −1 is passed over.

        Times may come in any order (a track's first sights are named later).
        """
        for number, box in zip(
            np.asarray(ids, np.intp).tolist(), np.asarray(boxes, np.float64).tolist(), strict=True
        ):
            if number >= 0:
                left, top, right, bottom = box
                insort(self._points.setdefault(number, []), (timestamp, (left, top, right, bottom)))
        self._latest = max(self._latest, timestamp)
        since = self._latest - self._keep
        for number in list(self._points):
            points = self._points[number]
            del points[: bisect_left(points, since, key=_time)]
            if not points:
                del self._points[number]

    def at(self, timestamp: int) -> tuple[NDArray[np.intp], Floats]:
        """The tracks that are there at a time, ids (N,), rising, and their boxes (N, 4), px.

        Between sights, centres and the logarithms of the sides go in a straight line.
        """
        ids, boxes = [], []
        for number in sorted(self._points):
            box = self._between(self._points[number], timestamp)
            if box is not None:
                ids.append(number)
                boxes.append(box)
        return np.array(ids, np.intp), np.array(boxes, np.float64).reshape(-1, 4)

    def _between(self, points: list[_Point], timestamp: int) -> Floats | None:
        after = bisect_right(points, timestamp, key=_time)
        if after and points[after - 1][0] == timestamp:
            return np.array(points[after - 1][1])
        if not 0 < after < len(points):
            return None
        (begin, earlier), (end, later) = points[after - 1], points[after]
        if end - begin > self._bridge:
            return None
        first, last = to_places(np.array([earlier, later]))
        share = (timestamp - begin) / (end - begin)
        return np.asarray(to_boxes((first + share * (last - first))[None])[0])

    def cut(self) -> None:
        """A new shot begins: nothing leads from the sights so far to later ones."""
        self._points.clear()

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON."""
        return {
            "latest": self._latest,
            "points": [
                [number, [[when, *box] for when, box in points]] for number, points in self._points.items()
            ],
        }

    @classmethod
    def restore(cls, state: Mapping[str, Any], *, bridge: int = 1_500, keep: int = 10_000) -> Trails:
        trails = cls(bridge=bridge, keep=keep)
        trails._latest = int(state["latest"])
        for number, points in state["points"]:
            trails._points[int(number)] = [
                (int(when), (float(left), float(top), float(right), float(bottom)))
                for when, left, top, right, bottom in points
            ]
        return trails


def _time(point: _Point) -> int:
    return point[0]
