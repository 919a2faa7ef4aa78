"""How alike two faces are, in percent, from the distance of their embeddings.

A percentage means a false match rate, of two strangers being taken for one person: 80 % one pair in ten
thousand, 95 % one in a hundred thousand, 99 % one in a million. Made by training/fit_similarity.py;
docs/accuracy.md holds what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
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


# By `FaceAnalyzer.version`: what a distance means belongs to the embedding that it is measured in.
CALIBRATIONS: Mapping[str, SimilarityCurve] = MappingProxyType(
    {"1.0": SimilarityCurve(0.5988, 17.28), "2.0": SimilarityCurve(0.5237, 24.60)}
)
CURRENT = "2.0"


def calibration_of(face_model_version: str) -> SimilarityCurve:
    """What distances in a collection mean. Vectors of a model that isn't known here, which somebody imported,
    are read as if the current one had made them.
    """
    return CALIBRATIONS.get(face_model_version, CALIBRATIONS[CURRENT])


similarity = CALIBRATIONS[CURRENT].similarity
distance_at = CALIBRATIONS[CURRENT].distance_at
