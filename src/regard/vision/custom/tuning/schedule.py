"""How long and on what canvas boxes are fine-tuned: it follows from the pictures, and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regard.vision.custom.box_examples import BoxExample

BATCH = 8
EPOCH = 8  # batches, after which the state is kept
_CANVASES = ((256, 336), (384, 160))  # px of a side, and batches: about as long on one core
_MIN_BOX = 24.0  # px of the canvas, of the side of nearly all boxes of each label
_QUANTILE = 0.1
_WARM = 0.1  # of the passes
_FINAL = 0.01  # of the highest rate, in the end
EVALUATED_FROM = 0.5  # of the passes
EVALUATIONS = 4
TOLERANCE = 0.02  # of mAP50, by which later weights, of a lower rate, may do worse and are kept all the same
PATIENCE = 2  # evaluations that may do worse than that, before it ends


@dataclass(frozen=True, slots=True)
class TuningSchedule:
    """`side`: px of the canvas; `epochs` of EPOCH batches of BATCH pictures each."""

    side: int
    epochs: int

    @classmethod
    def of(cls, examples: Sequence[BoxExample]) -> TuningSchedule:
        """That for these pictures: the smaller canvas where nearly all boxes are large enough on it."""
        sides: dict[str, list[float]] = {}
        for example in examples:
            areas = (example.boxes[:, 2:] - example.boxes[:, :2]).prod(1)
            for label, area in zip(example.labels, areas.tolist(), strict=True):
                sides.setdefault(label, []).append(math.sqrt(area))
        small = min((float(np.quantile(some, _QUANTILE)) for some in sides.values()), default=1.0)
        canvas, batches = next((one for one in _CANVASES if small * one[0] >= _MIN_BOX), _CANVASES[-1])
        return cls(canvas, batches // EPOCH)

    @property
    def batches(self) -> int:
        return self.epochs * EPOCH

    def rate(self, batch: int) -> float:
        """The learning rate at a batch, in parts of the highest: up in a line, then down by a cosine."""
        done = (batch + 1) / self.batches
        if done <= _WARM:
            return done / _WARM
        down = (1 + math.cos(math.pi * (done - _WARM) / (1 - _WARM))) / 2
        return _FINAL + (1 - _FINAL) * down

    def is_evaluated(self, epoch: int) -> bool:
        """Whether the pictures that are held out judge after so many epochs."""
        return epoch in {
            round(self.epochs * (EVALUATED_FROM + (1 - EVALUATED_FROM) * number / (EVALUATIONS - 1)))
            for number in range(EVALUATIONS)
        }
