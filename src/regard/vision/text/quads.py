"""Arithmetic of rectangles in any direction (4, 2): top left, top right, bottom right, bottom left; in px."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats


def size_of(quad: Floats) -> tuple[float, float]:
    """Width along the text and height across it, in px."""
    width, height = np.linalg.norm(quad[[1, 3]] - quad[0], axis=1).tolist()
    return width, height


def direction_of(quad: Floats) -> Floats:
    """The unit vector (2,) along the text."""
    along = quad[1] - quad[0]
    return np.asarray(along / max(float(np.linalg.norm(along)), 1e-6), np.float32)


def rectangle(centre: Floats, along: Floats, width: float, height: float) -> Floats:
    """The rectangle about `centre` (2,) whose width lies along the unit vector `along` (2,)."""
    across = np.array([-along[1], along[0]])
    right, down = along * width / 2, across * height / 2
    return np.array(
        [centre - right - down, centre + right - down, centre + right + down, centre - right + down],
        np.float32,
    )


def upright(corners: Floats) -> Floats:
    """A rectangle's corners (4, 2), in the order of its outline, so that its width is what lies flattest."""
    first, second = corners[1] - corners[0], corners[2] - corners[1]
    along = first if abs(first[0]) * _length(second) >= abs(second[0]) * _length(first) else second
    along = along / max(_length(along), 1e-6) * (1 if along[0] >= 0 else -1)
    return around(corners, np.asarray(along, np.float32))


def around(points: Floats, along: Floats) -> Floats:
    """The smallest rectangle in the direction `along` (2,), a unit vector, that holds `points` (N, 2)."""
    axes = np.array([along, [-along[1], along[0]]])
    places = points @ axes.T
    low, high = places.min(0), places.max(0)
    corners = np.array([[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]])
    return np.asarray(corners @ axes, np.float32)


def part_of(quad: Floats, begin: float, end: float) -> Floats:
    """What lies between two shares, 0 to 1, of the width."""
    top, bottom = quad[1] - quad[0], quad[2] - quad[3]
    return np.array(
        [quad[0] + top * begin, quad[0] + top * end, quad[3] + bottom * end, quad[3] + bottom * begin],
        np.float32,
    )


def quarter_turned(quad: Floats, quarters: int) -> Floats:
    """The same rectangle for text that was turned clockwise by so many quarters."""
    return np.asarray(np.roll(quad, -quarters, 0))


def map_from(quad: Floats, width: int, height: int) -> NDArray[np.float64]:
    """The map (2, 3) that takes the pixels of a cut-out of `quad`, width by height, to those of the picture.

    The corners are the outer edges of the cut-out's outer pixels.
    """
    right, down = (quad[1] - quad[0]) / width, (quad[3] - quad[0]) / height
    origin = quad[0] + (right + down) / 2
    return np.stack([right, down, origin], 1).astype(np.float64)


def _length(vector: Floats) -> float:
    return float(np.linalg.norm(vector))
