"""Distances that decide are exact, of vectors in half precision and of those that no code fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.collections.exact import Outliers, candidates, in_blocks, measure, widen


def outliers(count: int, dimension: int) -> tuple[Outliers, np.ndarray]:
    vectors = np.random.default_rng(5).normal(size=(count, dimension)).astype(np.float16)
    return Outliers(np.arange(count) * 3, vectors), vectors.astype(np.float32)


def test_every_finite_half_is_widened_exactly() -> None:
    halves = np.arange(2**16, dtype=np.uint16).view(np.float16)
    halves = halves[np.isfinite(halves)]
    widened = np.empty(len(halves), np.float32)
    widen(halves, widened)
    assert widened.tobytes() == halves.astype(np.float32).tobytes()


def test_distances_to_vectors_of_several_arrays_come_in_their_order() -> None:
    random = np.random.default_rng(6)
    one, two = (random.normal(size=(50, 24)).astype(np.float16) for _ in range(2))
    probe = random.normal(size=24).astype(np.float32)
    measured = measure([(one, np.array([3, 49])), (two, np.array([0]))], probe)
    vectors = np.stack([one[3], one[49], two[0]]).astype(np.float32)
    assert measured == pytest.approx(np.linalg.norm(vectors - probe, axis=1), rel=1e-6)


@given(st.lists(st.integers(0, 1300), max_size=8))
def test_blocks_hold_every_place_once_and_in_order(counts: list[int]) -> None:
    waiting = [np.arange(count) + 10_000 * number for number, count in enumerate(counts)]
    blocks = in_blocks(waiting)
    dealt = [places for block in blocks for _, places in block]
    assert np.concatenate([np.empty(0, int), *dealt]).tolist() == np.concatenate([[], *waiting]).tolist()
    assert all((places // 10_000 == number).all() for block in blocks for number, places in block)
    assert {sum(len(places) for _, places in block) for block in blocks[:-1]} <= {512}


@pytest.mark.parametrize("radius", [float("inf"), 4.0])
def test_candidates_hold_the_nearest_within_the_radius(radius: float) -> None:
    distances = np.random.default_rng(7).uniform(0, 9, 500).astype(np.float32)
    nearest = [place for place in np.argsort(distances)[:20] if distances[place] <= radius]
    assert set(nearest) <= set(candidates(distances**2, 20, radius).tolist())
    assert len(candidates(distances**2, 500, 4.0)) == pytest.approx((distances <= 4).sum(), abs=3)


def test_the_nearest_outliers_of_each_probe_are_named() -> None:
    held, vectors = outliers(300, 32)
    probes = vectors[[10, 200]] + 0.01
    near = held.near(probes, [1, 300], [float("inf"), 6.0])
    assert near[0].tolist() == [30]
    within = np.flatnonzero(np.linalg.norm(vectors - probes[1], axis=1) <= 6.0) * 3
    assert 600 in within
    assert set(within.tolist()) <= set(near[1].tolist())
    assert len(near[1]) < 300


def test_erased_outliers_hide_none_that_live_and_leave_nothing_behind() -> None:
    held, vectors = outliers(40, 16)
    probe = vectors[0]
    order = np.argsort(np.linalg.norm(vectors - probe, axis=1))
    held.erase(order[:10] * 3)
    (near,) = held.near(probe[None], [2], [float("inf")])
    assert set((order[10:12] * 3).tolist()) <= set(near.tolist())
    assert not set((order[:10] * 3).tolist()) & set(near.tolist())
    assert not held._vectors[order[:10]].any()
