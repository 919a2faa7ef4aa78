"""Copies of a picture that are turned back, so that faces which lean stand upright in them."""

from __future__ import annotations

from functools import cached_property
from typing import Final, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import GREY, Pixels, scaled, warp

_QUARTERS: Final = {1: cv2.ROTATE_90_COUNTERCLOCKWISE, 2: cv2.ROTATE_180, 3: cv2.ROTATE_90_CLOCKWISE}
_SAME: Final = 1e-9  # radians


class TurnedCopies:
    """Copies of one picture (H, W, 3), uint8, RGB, each scaled and turned about its middle, whole.

    All come from one scaled copy. A quarter turn moves pixels, and others are warped with a fourth channel,
    which OpenCV does in two thirds of the time: both give the pixels of a plain warp.
    """

    def __init__(self, pixels: Pixels, scale: float) -> None:
        """`scale` is that of both sides; none is made larger."""
        self._pixels, self._scale = pixels, scale

    def back(self, roll: float) -> tuple[Pixels, NDArray[np.float64]]:
        """The picture turned by −`roll` radians, and the map (2, 3) from the copy's px to the picture's."""
        size, full = (np.array(shape[1::-1]) for shape in (self._small.shape, self._pixels.shape))
        cos, sin = np.cos(roll), np.sin(roll)
        turn = np.array([[cos, -sin], [sin, cos]])
        extent = np.ceil(np.abs(turn.T) @ size - 1e-6).astype(int)
        origin = (size - 1) / 2 - turn @ ((extent - 1) / 2)
        inverse = np.column_stack([turn, origin])
        quarters = round(roll / (np.pi / 2))
        if abs(roll - quarters * np.pi / 2) < _SAME:
            copy = self._rotated(quarters % 4)
        else:
            copy = self._warped(inverse, int(extent[0]), int(extent[1]))
        ratio = full / size
        inverse = inverse * ratio[:, None]
        inverse[:, 2] += ratio / 2 - 0.5
        return copy, inverse

    def _rotated(self, quarters: int) -> Pixels:
        return cast(Pixels, cv2.rotate(self._small, _QUARTERS[quarters])) if quarters else self._small

    def _warped(self, inverse: NDArray[np.float64], width: int, height: int) -> Pixels:
        turned = warp(self._wide, inverse, width, height, outside=GREY)
        return cast(Pixels, cv2.cvtColor(turned, cv2.COLOR_RGBA2RGB))

    @cached_property
    def _small(self) -> Pixels:
        return scaled(self._pixels, self._scale) if self._scale < 1 else self._pixels

    @cached_property
    def _wide(self) -> NDArray[np.uint8]:
        return cast(Pixels, cv2.cvtColor(self._small, cv2.COLOR_RGB2RGBA))
