"""What a fit on boxes has come to: linear heads that find labelled boxes in what CenterNet knows of a
picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.box_rows import cell_centres
from regard.vision.custom.cells import GRID, CellReader
from regard.vision.geometry import Box, Rows, boxes_of, nms_by_class, sigmoid
from regard.vision.image import Image
from regard.vision.labels.objects import SIDE, letterboxed, place_in_square
from regard.vision.pixels import Floats

MAX_BOXES = 100  # of a picture
MIN_CONFIDENCE = 0.01  # of a box that is found at all, 0 to 1
MAX_SPREADS = 6.0  # standard deviations; what is farther off says nothing more
_SAME = 0.5  # IoU from which two boxes of one label are one
MAX_LOG = float(np.log(2 * SIDE))
_BLOCK = 64  # numbers of every cell: a megabyte


@dataclass(frozen=True, slots=True)
class BoxFinding:
    """A box in a picture, in fractions of its sides; `confidence`, 0 to 1, that it is right (IoU .5)."""

    name: str
    confidence: float
    box: Box


@dataclass(frozen=True, eq=False, slots=True)
class BoxModel:
    """Of cells (N, D), less `centre` (D,), by `spread` (D,): `score_weights` (D, L), `score_bias` (L,) give
    the log-odds that a cell is the middle of a box of each of `names`, `side_weights` (D, 4), `side_bias`
    (4,) the logarithms of the distances, px, of its sides.
    """

    names: tuple[str, ...]
    centre: Floats
    spread: Floats
    score_weights: Floats
    score_bias: Floats
    side_weights: Floats
    side_bias: Floats

    def standard(self, cells: NDArray[np.floating]) -> Floats:
        """(N, D) of cells (N, D), in standard deviations from the mean, at most 6."""
        rows = cells.astype(np.float32)
        rows -= self.centre
        rows /= self.spread
        return np.asarray(np.clip(rows, -MAX_SPREADS, MAX_SPREADS, out=rows))

    def find(self, cells: Floats) -> FoundBoxes:
        """The boxes, px of the square, in the cells (D, 4096) of a view; of several on one another the most
        probable.
        """
        where, columns, confidences = highest_cells(self._logits(cells), GRID)
        rows = self.standard(cells[:, where].T)
        sides = np.exp(np.minimum(rows @ self.side_weights + self.side_bias, MAX_LOG))
        return FoundBoxes.about(cell_centres()[where], sides, confidences, columns)

    def _logits(self, cells: Floats) -> Floats:
        """(L, N) of cells (D, N): what `standard` and the scores' weights make of them, some numbers of all
        cells at a time, so that cells are read from memory once and the rest stays in the core's cache.
        """
        far = MAX_SPREADS * self.spread
        lowest, highest = (self.centre - far)[:, None], (self.centre + far)[:, None]
        weights = (self.score_weights / self.spread[:, None]).T
        bias = np.asarray(self.score_bias - weights @ self.centre, np.float32)
        logits = np.repeat(bias[:, None], cells.shape[1], 1)
        bounded = np.empty((_BLOCK, cells.shape[1]), np.float32)
        for begin in range(0, len(cells), _BLOCK):
            part = slice(begin, begin + _BLOCK)
            some = bounded[: len(cells[part])]
            np.clip(cells[part], lowest[part], highest[part], out=some)
            logits += weights[:, part] @ some
        return logits


@dataclass(frozen=True, eq=False, slots=True)
class FoundBoxes:
    """`boxes` (K, 4): left, top, right, bottom; `confidences` (K,), 0 to 1; `columns` (K,): which label."""

    boxes: NDArray[np.float64]
    confidences: NDArray[np.floating]
    columns: NDArray[np.intp]

    @classmethod
    def about(
        cls,
        centres: NDArray[np.float64],
        sides: NDArray[np.floating],
        confidences: NDArray[np.floating],
        columns: NDArray[np.intp],
    ) -> FoundBoxes:
        """The boxes whose `sides` (K, 4) are so far from `centres` (K, 2); of several of one label on one
        another the most probable.
        """
        boxes = np.concatenate([centres - sides[:, :2], centres + sides[:, 2:]], 1)
        kept = nms_by_class(boxes, confidences, columns, _SAME)
        return cls(boxes[kept], confidences[kept], columns[kept])

    def findings(
        self, names: Sequence[str], corner: NDArray[np.float64], size: NDArray[np.float64]
    ) -> list[BoxFinding]:
        """The same in fractions of a picture that has its left upper corner at `corner` and is `size` px
        large in the square. `names` are those of the labels.
        """
        boxes = np.clip((self.boxes - np.tile(corner, 2)) / np.tile(size, 2), 0, 1)
        every = zip(boxes_of(boxes), self.confidences.tolist(), self.columns.tolist(), strict=True)
        return [
            BoxFinding(names[column], confidence, box) for box, confidence, column in every if box.area > 0
        ]


def find_boxes(model: BoxModel, reader: CellReader, image: Image) -> list[BoxFinding]:
    """The labelled boxes of a picture, the most confident first."""
    return boxes_in(model, reader.read(letterboxed(image.pixels)[0]), image.width, image.height)


def boxes_in(model: BoxModel, cells: Floats, width: int, height: int) -> list[BoxFinding]:
    """The same for who has the cells (D, 4096) of the picture, `width` × `height` px, in the middle of its
    square.
    """
    return model.find(cells).findings(model.names, *place_in_square(width, height))


def highest_cells(
    logits: NDArray[np.floating], grid: int
) -> tuple[Rows, NDArray[np.intp], NDArray[np.floating]]:
    """Of log-odds (L, grid · grid) the cells that are the highest of three by three, with their labels and
    confidences, 0 to 1, the most confident first; at most 100.
    """
    columns, where = np.nonzero(_peaks(logits, grid))
    confidences = sigmoid(logits[columns, where])
    best = np.lexsort((columns, where, -confidences))[:MAX_BOXES]
    best = best[confidences[best] >= MIN_CONFIDENCE]
    return where[best], columns[best], confidences[best]


def _peaks(logits: NDArray[np.floating], grid: int) -> NDArray[np.bool_]:
    """(L, grid · grid): which cells are the highest of three by three."""
    maps = logits.reshape(-1, grid, grid)
    highest = np.stack([cv2.dilate(one, np.ones((3, 3), np.uint8)) for one in maps])
    return np.asarray(maps >= highest).reshape(logits.shape)
