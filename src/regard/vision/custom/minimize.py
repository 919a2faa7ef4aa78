"""The minimum of a smooth convex function, by L-BFGS."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]

_MEMORY = 10  # steps that the curvature is told from
_HALVINGS = 40
_ENOUGH = 1e-4  # of the decrease that the slope promises (Armijo)


def minimize(
    function: Callable[[Vector], tuple[float, Vector]],
    start: Vector,
    *,
    tolerance: float = 1e-7,
    max_steps: int = 300,
) -> Vector:
    """Where `function`, which gives its value and its gradient (D,) at a point (D,), is lowest.

    Ends where no part of the gradient exceeds `tolerance`, where rounding lets the value fall no further, or
    after `max_steps`. Nocedal and Wright, "Numerical Optimization", 2006, algorithms 7.4 and 7.5.
    """
    point = np.array(start, np.float64)
    value, gradient = function(point)
    steps: list[Vector] = []
    changes: list[Vector] = []
    for _ in range(max_steps):
        if np.abs(gradient).max(initial=0) <= tolerance:
            break
        direction = -_times_inverse_curvature(gradient, steps, changes)
        slope = float(direction @ gradient)
        length = 1.0 if steps else min(1.0, 1 / float(np.linalg.norm(gradient)))
        for _ in range(_HALVINGS):
            trial = point + length * direction
            trial_value, trial_gradient = function(trial)
            if trial_value <= value + _ENOUGH * length * slope:
                break
            length /= 2
        else:
            break
        step, change = trial - point, trial_gradient - gradient
        if step @ change > 1e-12 * float(change @ change):
            steps, changes = [*steps[1 - _MEMORY :], step], [*changes[1 - _MEMORY :], change]
        point, value, gradient = trial, trial_value, trial_gradient
    return point


def _times_inverse_curvature(gradient: Vector, steps: list[Vector], changes: list[Vector]) -> Vector:
    """The gradient times the inverse Hessian, as far as the last steps tell it."""
    rest = gradient.copy()
    parts: list[float] = []
    for step, change in zip(reversed(steps), reversed(changes), strict=True):
        parts.append(float(step @ rest / (step @ change)))
        rest -= parts[-1] * change
    if steps:
        rest *= float(steps[-1] @ changes[-1] / (changes[-1] @ changes[-1]))
    for step, change, part in zip(steps, changes, reversed(parts), strict=True):
        rest += step * (part - float(change @ rest / (step @ change)))
    return rest
