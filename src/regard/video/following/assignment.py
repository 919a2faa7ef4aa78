"""Who is who: pairs of rows and columns whose evidence together is the greatest."""

from __future__ import annotations

import lap
import numpy as np
from numpy.typing import NDArray


def assign(evidence: NDArray[np.float64], min_evidence: float) -> list[tuple[int, int]]:
    """Pairs (row, column) of `evidence` (N, M), each in one pair at most, by rising row.

    The sum of their evidence over `min_evidence` is the greatest there is (Jonker and Volgenant, "A Shortest
    Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", 1987); none has less than
    `min_evidence`. −inf is never paired.
    """
    if not evidence.size or evidence.max() < min_evidence:
        return []
    top = float(evidence.max())
    # A pair that is not allowed costs so much that leaving both alone is always cheaper.
    costs = np.where(evidence < min_evidence, 4.0 * (top - min_evidence + 1), top - evidence)
    _, columns, _ = lap.lapjv(costs, extend_cost=True, cost_limit=top - min_evidence + 1e-6)
    return [
        (row, column)
        for row, column in enumerate(columns.tolist())
        if column >= 0 and evidence[row, column] >= min_evidence
    ]
