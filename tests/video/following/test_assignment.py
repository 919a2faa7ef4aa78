"""Pairs of the greatest evidence, against trying all."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from regard.video.following.assignment import assign

EVIDENCE = arrays.arrays(
    np.float64,
    arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=4),
    elements=st.one_of(st.floats(-10, 10), st.just(-np.inf)),
)


def best(evidence: np.ndarray, min_evidence: float) -> float:
    rows, columns = evidence.shape
    if rows > columns:
        return best(evidence.T, min_evidence)
    sums = [
        sum(max(evidence[row, column] - min_evidence, 0) for row, column in enumerate(order))
        for order in permutations(range(columns), rows)
    ]
    return max(sums, default=0)


@given(EVIDENCE, st.floats(-5, 5))
def test_no_other_pairs_have_more_evidence(evidence: np.ndarray, min_evidence: float) -> None:
    pairs = assign(evidence, min_evidence)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(evidence[pair] >= min_evidence for pair in pairs)
    found = sum(evidence[pair] - min_evidence for pair in pairs)
    assert found == pytest.approx(best(evidence, min_evidence), abs=1e-4)


def test_what_is_not_a_number_of_evidence_is_no_pair() -> None:
    assert assign(np.full((3, 2), -np.inf), -100) == []
    assert assign(np.zeros((0, 3)), 0) == []
