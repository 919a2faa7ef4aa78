"""How alike two faces are, in percent, from the distance of their embeddings.

A percentage means a false match rate, of two strangers being taken for one person: 80 % one pair in ten
thousand, 95 % one in a hundred thousand, 99 % one in a million. What a distance means belongs to the
embedding that it is measured in: each face model has a curve of its own (`face_models.py`), made by
training/fit_similarity.py; docs/accuracy.md holds what was measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SimilarityCurve:
    """100 / (1 + (d / middle)^steepness), the log-logistic: `middle` is the distance of 50 %.

    100 at distance 0, strictly decreasing, with a closed inverse. How often strangers come within a small
    distance is a power of that distance: the lower tail of the generalised Pareto distribution of what can't
    be below 0 (Pickands, "Statistical Inference Using Extreme Order Statistics", 1975). The odds then are a
    power of the false match rate, and one curve of this form meets the rates above to within a few percent.
    """

    middle: float
    steepness: float

    @overload
    def similarity(self, distance: float) -> float: ...
    @overload
    def similarity(self, distance: NDArray[np.floating]) -> NDArray[np.float64]: ...

    def similarity(self, distance: float | NDArray[np.floating]) -> float | NDArray[np.float64]:
        """Percent, 0 to 100, for a Euclidean distance of two embeddings, or an array of them."""
        percent = 100.0 / (1.0 + (np.asarray(distance, np.float64) / self.middle) ** self.steepness)
        return percent if isinstance(distance, np.ndarray) else float(percent)

    def distance_at(self, percent: float) -> float:
        """The distance where `similarity` is `percent`: infinite at 0. Raises ValueError outside 0 to 100."""
        if not 0 <= percent <= 100:
            raise ValueError(f"{percent} is no percentage")
        if percent == 0:
            return float("inf")
        return float(self.middle * ((100.0 - percent) / percent) ** (1 / self.steepness))
