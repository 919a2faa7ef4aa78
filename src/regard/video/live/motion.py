"""The motion gate: whether anything moved before a fixed camera, and where.

Each picture is compared with those a quarter and three quarters of a second before it, not with a running
mean, in which whoever has left stays for seconds. Sensor noise reached 1.5 grey levels, people 36 and more.
"""

from __future__ import annotations

from collections import deque
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box

LONGER = 320  # px of the longer side of what is compared
_SPOT = 8  # px, over which a difference is averaged
_MOVED = 4.0  # grey levels
_LIGHT = 0.8  # the share of the picture from which on it is the light that changed
_BLUR = (5, 5)  # px
_AGES = (200, 700)  # ms that the pictures to compare with are old at the lowest
_KEPT = 5000  # ms

Luma = NDArray[np.uint8]  # (height, width)


class MotionGate:
    """Sees one picture after another."""

    def __init__(self) -> None:
        self._before: deque[tuple[int, Luma]] = deque()

    def observe(self, at: int, luma: Luma, width: int, height: int) -> tuple[Box, ...] | None:
        """Where it moved, in px of the picture of `width` × `height`, of which `luma` is a smaller copy; none
        where nothing did; None where that can't be told: at first, and where the light changed.

        `at`: ms, rises.
        """
        blurred = cast(Luma, cv2.GaussianBlur(luma, _BLUR, 0))
        compared = self._compared(at, blurred.shape)
        self._before.append((at, blurred))
        while self._before[0][0] < at - _KEPT:
            self._before.popleft()
        if not compared:
            return None
        spots = np.max([_spots(blurred, other) for other in compared], axis=0) > _MOVED
        if spots.mean() >= _LIGHT:
            return None
        return _boxes(spots, width, height)

    def _compared(self, at: int, shape: tuple[int, ...]) -> list[Luma]:
        """The newest that are old enough; none before there is one of each age."""
        found = [
            luma
            for age in _AGES
            for luma in [next((luma for time, luma in reversed(self._before) if time <= at - age), None)]
            if luma is not None and luma.shape == shape
        ]
        return found if len(found) == len(_AGES) else []


def _spots(one: Luma, other: Luma) -> NDArray[np.float32]:
    """Mean absolute differences in grey levels, one a spot; those at the right and lower edge are smaller."""
    height, width = one.shape
    difference = cv2.absdiff(one, other).astype(np.float32)
    size = (max(1, width // _SPOT), max(1, height // _SPOT))
    return cast(NDArray[np.float32], cv2.resize(difference, size, interpolation=cv2.INTER_AREA))


def _boxes(spots: NDArray[np.bool_], width: int, height: int) -> tuple[Box, ...]:
    """Around each group of spots that touch or nearly do."""
    if not spots.any():
        return ()
    near = cv2.dilate(spots.astype(np.uint8), np.ones((3, 3), np.uint8))
    count, _, found, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    across, down = width / spots.shape[1], height / spots.shape[0]
    return tuple(
        Box(left * across, top * down, wide * across, high * down)
        for left, top, wide, high, _ in found[1:count].astype(float)
    )
