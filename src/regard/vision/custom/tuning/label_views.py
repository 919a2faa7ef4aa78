"""The views of pictures that labels are fine-tuned on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from regard.vision.features import SIDE
from regard.vision.image import Image
from regard.vision.pixels import Floats, Pixels, resize

_MIN_AREA = 0.6  # of a picture, that a view shows
_STRETCH = 0.2  # of the log of a view's width ÷ height, either way
_CONTRAST, _LIGHT, _TINT = 0.25, 0.2, 0.07  # either way; the tint of each colour
_SPARE = 1.3  # sides of a view that a picture's shorter side is kept at
_KEPT_BYTES = 400_000_000  # of pictures that needn't be opened again


class LabelViews:
    """Draws views of pictures, squares of `side` px. The pictures are opened once where they fit into memory
    together.
    """

    def __init__(self, pictures: Sequence[Callable[[], Image]], side: int) -> None:
        self._pictures, self._side = pictures, side
        self._opened: dict[int, Pixels] = {}
        self._bytes = 0

    def whole(self, number: int) -> Pixels:
        """(side, side, 3): the whole picture, shrunk in two steps, as a model does that has both networks."""
        return resize(resize(self._pictures[number]().pixels, SIDE, SIDE), self._side, self._side)

    def drawn(self, number: int, random: np.random.Generator) -> Floats:
        """(side, side, 3), 0 to 255: most of a picture, stretched, mirrored or not, in another light."""
        pixels = self._shrunk(number)
        height, width = pixels.shape[:2]
        side, stretch = (
            math.sqrt(random.uniform(_MIN_AREA, 1)),
            math.exp(random.uniform(-_STRETCH, _STRETCH) / 2),
        )
        rows, columns = (
            max(1, min(whole, round(whole * part)))
            for whole, part in ((height, side * stretch), (width, side / stretch))
        )
        top, left = int(random.integers(height - rows + 1)), int(random.integers(width - columns + 1))
        part = np.ascontiguousarray(pixels[top : top + rows, left : left + columns])
        view = resize(part, self._side, self._side).astype(np.float32)
        if random.random() < 0.5:
            view = view[:, ::-1]
        contrast, light = (1 + random.uniform(-limit, limit) for limit in (_CONTRAST, _LIGHT))
        tints = 1 + random.uniform(-_TINT, _TINT, 3)
        mean = float(view.mean())
        lit = (view - mean) * contrast + mean * light * tints
        return np.clip(lit, 0, 255).astype(np.float32)

    def _shrunk(self, number: int) -> Pixels:
        if number in self._opened:
            return self._opened[number]
        pixels = self._pictures[number]().pixels
        share = _SPARE * self._side / min(pixels.shape[:2])
        if share < 1:
            size = round(pixels.shape[1] * share), round(pixels.shape[0] * share)
            pixels = np.ascontiguousarray(resize(pixels, *size))
        if self._bytes + pixels.nbytes <= _KEPT_BYTES:
            self._bytes += pixels.nbytes
            self._opened[number] = pixels
        return pixels
