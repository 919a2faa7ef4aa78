"""What a network that is fine-tuned should say of a view, and the views that it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.box_examples import BoxExample, BoxView, drawn_view
from regard.vision.custom.tuning.box_network import STRIDE
from regard.vision.image import Image
from regard.vision.pixels import Floats, Pixels, resize

INSIDE = 0.4  # of the Gaussian about a box's middle: cells that tell its sides
_SPREAD = 1 / 7  # standard deviation, in sides of the box
_MIN_SIDE = 2.5  # cells that a box is taken to have, so that the smallest has a middle
_KEPT_BYTES = 400_000_000  # of pictures that needn't be opened again
_LARGEST = 1.6  # of the canvas: how large a picture is ever shown


@dataclass(frozen=True, eq=False, slots=True)
class MapTargets:
    """Of a view with G × G cells: `heat` (L, G, G), 0 to 1, 1 in the middle of each box; `distances`
    (4, G, G), px to the sides of the box whose middle is near, with `weights` (G, G), which come to 1 for
    each box.
    """

    heat: Floats
    distances: Floats
    weights: Floats

    @classmethod
    def of(cls, boxes: NDArray[np.float64], columns: Sequence[int], labels: int, side: int) -> MapTargets:
        """For boxes (N, 4), px of a canvas of `side` px, of labels by their `columns`."""
        cells = side // STRIDE
        centres = (np.arange(cells) + 0.5) * STRIDE
        heat = np.zeros((labels, cells, cells), np.float32)
        distances = np.zeros((4, cells, cells), np.float32)
        weights, best = np.zeros((cells, cells), np.float32), np.zeros((cells, cells))
        for box, column in zip(boxes, columns, strict=True):
            middle, spread = (
                (box[:2] + box[2:]) / 2,
                np.maximum(box[2:] - box[:2], _MIN_SIDE * STRIDE) * _SPREAD,
            )
            across, down = (np.exp(-(((centres - middle[axis]) / spread[axis]) ** 2) / 2) for axis in (0, 1))
            height = np.outer(down, across)
            row, place = (min(int(middle[axis] / STRIDE), cells - 1) for axis in (1, 0))
            height[row, place] = 1
            heat[column] = np.maximum(heat[column], height)
            nearer = (height > INSIDE) & (height > best)
            if nearer.any():
                best[nearer] = height[nearer]
                weights[nearer] = height[nearer] / height[nearer].sum()
                sides = (
                    centres[None] - box[0],
                    centres[:, None] - box[1],
                    box[2] - centres[None],
                    box[3] - centres[:, None],
                )
                for number, one in enumerate(sides):
                    distances[number][nearer] = np.broadcast_to(one, height.shape)[nearer]
        return cls(heat, distances, weights)


class ViewSource:
    """Draws views of pictures, which are opened once where they fit into memory together."""

    def __init__(self, examples: Sequence[BoxExample], names: Sequence[str], side: int) -> None:
        self._examples = examples
        self._columns = [[names.index(label) for label in example.labels] for example in examples]
        self._labels = len(names)
        self._side = side
        self._opened: dict[int, Image] = {}
        self._bytes = 0

    def view(self, number: int, random: np.random.Generator) -> tuple[Pixels, MapTargets]:
        """A view of an example: larger or smaller, moved, mirrored either way, darker or brighter."""
        example = self._examples[number]
        mirrored, turned = random.random(2) < 0.5
        seen = drawn_view(
            self._image(number), example.boxes, random, is_mirrored=bool(mirrored), side=self._side
        )
        square, boxes = _on_its_head(seen, self._side) if turned else (seen.square, seen.boxes)
        columns = [self._columns[number][row] for row in seen.rows.tolist()]
        return square, MapTargets.of(boxes, columns, self._labels, self._side)

    def _image(self, number: int) -> Image:
        if number in self._opened:
            return self._opened[number]
        image = self._examples[number].open()
        share = _LARGEST * self._side / max(image.width, image.height)
        if share < 1:
            size = max(1, round(image.width * share)), max(1, round(image.height * share))
            image = Image(np.ascontiguousarray(resize(image.pixels, *size)), image.digest)
        if self._bytes + image.pixels.nbytes <= _KEPT_BYTES:
            self._bytes += image.pixels.nbytes
            self._opened[number] = image
        return image


def _on_its_head(view: BoxView, side: int) -> tuple[Pixels, NDArray[np.float64]]:
    boxes = view.boxes.copy()
    boxes[:, [1, 3]] = side - view.boxes[:, [3, 1]]
    return np.ascontiguousarray(view.square[::-1]), boxes
