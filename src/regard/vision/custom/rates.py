"""Precision, recall and F1 of a label, each with how sure it is."""

from __future__ import annotations

import math
from dataclasses import dataclass

_NORMAL = 1.959964  # of 95 %


def wilson(events: float, trials: float) -> tuple[float, float]:
    """The 95 % interval of a share of independent trials (Wilson, 1927); 0 to 1 where there are none."""
    if trials <= 0:
        return 0.0, 1.0
    share, square = events / trials, _NORMAL**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = (
        _NORMAL
        / (1 + square / trials)
        * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    )
    return max(middle - half, 0.0), min(middle + half, 1.0)


@dataclass(frozen=True, slots=True)
class Retrieval:
    """How often something is found where it is (`found`), said where it isn't (`false`), and missed."""

    found: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        """0 to 1; 0 where nothing was said."""
        return self.found / max(self.found + self.false, 1)

    @property
    def recall(self) -> float:
        """0 to 1; 0 where there was nothing to find."""
        return self.found / max(self.found + self.missed, 1)

    @property
    def f1(self) -> float:
        """0 to 1: the harmonic mean of precision and recall."""
        return 2 * self.found / max(2 * self.found + self.false + self.missed, 1)

    @property
    def precision_interval(self) -> tuple[float, float]:
        """95 %."""
        return wilson(self.found, self.found + self.false)

    @property
    def recall_interval(self) -> tuple[float, float]:
        """95 %."""
        return wilson(self.found, self.found + self.missed)

    @property
    def f1_interval(self) -> tuple[float, float]:
        """95 %, approximately: F1 is a function of the share of what was found among all that was found, said
        or missed, F1 = 2 s / (1 + s), and rises with it.
        """
        low, high = wilson(self.found, self.found + self.false + self.missed)
        return 2 * low / (1 + low), 2 * high / (1 + high)
