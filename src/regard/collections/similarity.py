"""How alike two faces are, in percent, from the distance of their embeddings.

100 / (1 + (d / a)^b), the log-logistic: 100 at distance 0, strictly decreasing, with a closed inverse. Its
two constants are fitted so that a threshold means a false match rate, of two strangers being taken for one
person: 80 % about one pair in ten thousand, 95 % one in a hundred thousand, 99 % one in a million. Made by
training/fit_similarity.py; docs/accuracy.md holds what was measured.
"""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import NDArray

MIDDLE = 0.5988  # a: the distance of 50 %
STEEPNESS = 17.28  # b


@overload
def similarity(distance: float) -> float: ...
@overload
def similarity(distance: NDArray[np.floating]) -> NDArray[np.float64]: ...


def similarity(distance: float | NDArray[np.floating]) -> float | NDArray[np.float64]:
    """Percent, 0 to 100, for a Euclidean distance of two embeddings, or an array of them."""
    percent = 100.0 / (1.0 + (np.asarray(distance, np.float64) / MIDDLE) ** STEEPNESS)
    return percent if isinstance(distance, np.ndarray) else float(percent)


def distance_at(percent: float) -> float:
    """The distance at which `similarity` is `percent`: infinite at 0. Raises ValueError outside 0 to 100."""
    if not 0 <= percent <= 100:
        raise ValueError(f"{percent} is no percentage")
    if percent == 0:
        return float("inf")
    return float(MIDDLE * ((100.0 - percent) / percent) ** (1 / STEEPNESS))
