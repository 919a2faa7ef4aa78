"""How precision and recall of a label change with the confidence from which on it is assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Mask

THRESHOLDS: Final = tuple(step / 100 for step in range(101))
"""Where curves are known."""


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """At each of `THRESHOLDS`: `precision`, 0 to 1, None where nothing is assumed any more, and `recall`."""

    precision: tuple[float | None, ...]
    recall: tuple[float, ...]


def threshold_curve(
    confidences: NDArray[np.floating], truth: Mask, *, missed: int = 0
) -> ThresholdCurve | None:
    """Of confidences (N,), 0 to 1, that something is there, and whether it is (N,). `missed`: how often it
    is there besides, at whatever threshold. None where it is nowhere.
    """
    there = int(truth.sum()) + missed
    if not there:
        return None
    said, found = (
        len(some) - np.searchsorted(np.sort(some), THRESHOLDS)
        for some in (confidences.astype(np.float64), confidences[truth].astype(np.float64))
    )
    precision = (
        right / every if every else None for right, every in zip(found.tolist(), said.tolist(), strict=True)
    )
    return ThresholdCurve(tuple(precision), tuple((found / there).tolist()))
