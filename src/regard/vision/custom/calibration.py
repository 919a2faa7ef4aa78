"""Makes logits probabilities, on pictures that they weren't fitted on (Platt, 1999)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.vision.custom.logistic import Doubles, losses, probabilities
from regard.vision.custom.minimize import minimize
from regard.vision.geometry import Mask

_STRAY = 1.0  # standard deviation of the log of the scale, and of a shift, that are expected beforehand


@dataclass(frozen=True, eq=False, slots=True)
class LogitScale:
    """`scale` · logit + `shifts` (C,)."""

    scale: float
    shifts: Doubles

    def of(self, logits: Doubles) -> Doubles:
        """(N, C) of logits (N, C)."""
        return logits * self.scale + self.shifts


def fit_scale(logits: Doubles, targets: Doubles, *, is_exclusive: bool, movable: Mask) -> LogitScale:
    """The scale, the same for all columns, and the shifts, of the columns that are `movable` (C,), 1 or 0,
    that make targets (N, C) the most probable.

    All are pulled to what changes nothing, as by some pictures more: a few that were all told right must not
    make a model certain.
    """
    precision = 1 / _STRAY**2

    def function(point: Doubles) -> tuple[float, Doubles]:
        stretch, shifts = float(np.exp(point[0])), point[1:] * movable
        moved = logits * stretch + shifts
        value = losses(moved, targets, is_exclusive=is_exclusive).sum() + precision * (point @ point) / 2
        slopes = probabilities(moved, is_exclusive=is_exclusive) - targets
        gradient = np.concatenate([[(slopes * logits).sum() * stretch], slopes.sum(0) * movable])
        return float(value), gradient + precision * point

    point = minimize(function, np.zeros(logits.shape[1] + 1), tolerance=1e-6)
    return LogitScale(float(np.exp(point[0])), point[1:] * movable)
