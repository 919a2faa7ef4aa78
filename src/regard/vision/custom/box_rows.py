"""The cells of views that heads are fitted on: those in the middle of boxes, and those of everything else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.cells import CELL, GRID
from regard.vision.geometry import Mask

Doubles = NDArray[np.float64]

INSIDE, OUTSIDE = 0.5, 0.1  # of the Gaussian about a box's middle: cells that are it, and that are not
_SPREAD = 1 / 6  # standard deviation, in sides of the box
_MIN_SIDE = 2.0  # cells that a box is taken to have, so that the smallest has a middle


def cell_centres() -> Doubles:
    """(GRID · GRID, 2): x and y, px of the square, row by row."""
    steps = (np.arange(GRID) + 0.5) * CELL
    return np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 2)


@dataclass(frozen=True, eq=False, slots=True)
class CellTargets:
    """Of each cell of a view: `middles` (cells, L), 0 to 1, how much it is the middle of a box of a label;
    `distances` (cells, 4), log px to the sides left, top, right and bottom of the box whose middle it is, by
    `is_middle` (cells,).
    """

    middles: Doubles
    distances: Doubles
    is_middle: Mask

    @classmethod
    def of(cls, boxes: Doubles, columns: NDArray[np.intp], labels: int) -> CellTargets:
        """For boxes (N, 4), px of the square, of labels by their `columns` (N,)."""
        centres = cell_centres()
        middles = np.zeros((len(centres), labels))
        distances, best = np.zeros((len(centres), 4)), np.zeros(len(centres))
        for box, column in zip(boxes, columns.tolist(), strict=True):
            middle, side = (box[:2] + box[2:]) / 2, np.maximum(box[2:] - box[:2], _MIN_SIDE * CELL)
            height = np.exp(-(((centres - middle) / (side * _SPREAD)) ** 2).sum(1) / 2)
            height[np.abs(centres - middle).max(1) <= CELL / 2] = 1
            middles[:, column] = np.maximum(middles[:, column], height)
            nearer = height > best
            best[nearer] = height[nearer]
            sides = np.concatenate([centres - box[:2], box[2:] - centres], 1)
            distances[nearer] = np.log(np.maximum(sides[nearer], 1))
        return cls(middles, distances, best > INSIDE)
