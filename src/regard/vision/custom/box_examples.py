"""Pictures with boxes that a model is fitted on or judged by, and the views of them that it is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box, boxes_of
from regard.vision.image import Image
from regard.vision.labels.objects import SIDE, letterboxed
from regard.vision.pixels import Pixels, warp

Boxes = NDArray[np.float64]

SCALES = (0.55, 1.57)  # of a picture that fills the square
SHIFT = 0.15  # of the square's side, at the farthest
LIGHT = (0.7, 1.3)
MIN_SHARE = 0.4  # of a box that must be in view to be learned


@dataclass(frozen=True, eq=False)
class BoxExample:
    """A picture, opened when it is asked for, with the SHA-256 of its file, hex; `boxes` (N, 4): left, top,
    right, bottom, in fractions of its sides; `labels`: theirs. A picture without a box shows none of the
    labels.
    """

    open: Callable[[], Image]
    digest: str
    boxes: Boxes
    labels: tuple[str, ...]

    @property
    def true(self) -> list[tuple[str, Box]]:
        """The labels with their boxes, as an evaluation takes them."""
        return list(zip(self.labels, boxes_of(self.boxes), strict=True))


@dataclass(frozen=True, eq=False, slots=True)
class BoxView:
    """A square (side, side, 3) that shows a picture or a part of it, and its boxes there, px (N, 4), with the
    rows that they have among the picture's.
    """

    square: Pixels
    boxes: Boxes
    rows: NDArray[np.intp]


def views(image: Image, boxes: Boxes, count: int, random: np.random.Generator) -> Iterator[BoxView]:
    """`count` views: the whole picture, then some that are larger or smaller, moved, mirrored, darker or
    brighter, drawn by `random`.
    """
    yield whole_view(image, boxes)
    for number in range(1, count):
        yield drawn_view(image, boxes, random, is_mirrored=number % 2 == 1)


def whole_view(image: Image, boxes: Boxes) -> BoxView:
    """The whole picture in the middle of a black square."""
    square, corner, size = letterboxed(image.pixels)
    return BoxView(square, boxes * np.tile(size, 2) + np.tile(corner, 2), np.arange(len(boxes)))


def drawn_view(
    image: Image, boxes: Boxes, random: np.random.Generator, *, is_mirrored: bool, side: int = SIDE
) -> BoxView:
    """A view that is larger or smaller, moved, darker or brighter, drawn by `random`, in a square of `side`
    px.
    """
    low, high = np.log(SCALES)
    scale = side / max(image.width, image.height) * np.exp(random.uniform(low, high))
    middle = side * (0.5 + random.uniform(-SHIFT, SHIFT, 2))
    flip = -1.0 if is_mirrored else 1.0
    # A pixel p of the picture is at scale · (p + .5 − half its size) + middle of the square, mirrored or not.
    linear = scale * np.array([flip, 1.0])
    sides = np.array([image.width, image.height], np.float64)
    offset = middle - linear * sides / 2
    inverse = np.array(
        [
            [1 / linear[0], 0, (0.5 - offset[0]) / linear[0] - 0.5],
            [0, 1 / linear[1], (0.5 - offset[1]) / linear[1] - 0.5],
        ]
    )
    square = _shrunk_and_warped(image, inverse, scale, side)
    light = random.uniform(*LIGHT)
    square = cv2.convertScaleAbs(square, alpha=light)  # type: ignore[assignment]
    ends = boxes.reshape(-1, 2, 2) * sides * linear + offset
    placed = np.concatenate([ends.min(1), ends.max(1)], 1)
    clipped = np.clip(placed, 0, side)
    areas = ((clipped[:, 2:] - clipped[:, :2]).prod(1), (placed[:, 2:] - placed[:, :2]).prod(1))
    kept = np.flatnonzero(areas[0] >= MIN_SHARE * np.maximum(areas[1], 1e-9))
    return BoxView(square, clipped[kept], kept)


def _shrunk_and_warped(image: Image, inverse: NDArray[np.float64], scale: float, side: int) -> Pixels:
    return image.copies.cut(inverse[None], side)[0] if scale < 1 else warp(image.pixels, inverse, side, side)
