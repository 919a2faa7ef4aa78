"""How long labels are fine-tuned, and on what: it follows from the pictures, and from nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from regard.vision.features import SIDE

BATCH = 16
EPOCH = 25  # batches, after which the state is kept
_TURNS = 8  # how often each picture is shown,
_MIN_VIEWS = 1600  # unless these are too few altogether, or too many:
_SIDES = ((160, 6400), (SIDE, 4000))  # px of a view, and how many there are: about as long on one core
SIDES: Final = frozenset(side for side, _ in _SIDES)
"""px, of the views that there are."""
_THUMBNAIL = 192  # px of the longer side of a picture, up to which it has nothing for a larger view
_WARM = 0.15  # of the passes
_FINAL = 0.01  # of the highest rate, in the end


@dataclass(frozen=True, slots=True)
class LabelSchedule:
    """`side`: px of a view; `epochs` of EPOCH batches of BATCH views each."""

    side: int
    epochs: int

    @classmethod
    def of(cls, pictures: int, longer_sides: Sequence[int]) -> LabelSchedule:
        """That for so many pictures, of which some have these longer sides, px."""
        is_small = float(np.median(longer_sides)) <= _THUMBNAIL
        side, highest = _SIDES[0] if is_small else _SIDES[1]
        views = min(max(pictures * _TURNS, _MIN_VIEWS), highest)
        return cls(side, math.ceil(views / (BATCH * EPOCH)))

    def rate(self, batch: int) -> float:
        """The learning rate at a batch, in parts of the highest: up in a line, then down by a cosine."""
        done = (batch + 1) / (self.epochs * EPOCH)
        if done <= _WARM:
            return done / _WARM
        down = (1 + math.cos(math.pi * (done - _WARM) / (1 - _WARM))) / 2
        return _FINAL + (1 - _FINAL) * down
