"""The index of large collections: complete, however its segments come and go."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from structlog.testing import capture_logs

from regard.collections.fastscan import FastScanIndex, Sizes
from regard.collections.workers import Workers
from tests.collections.gallery_data import people, uneven

SIZES = Sizes(tail=256, segment=4096, fan=4)


@pytest.fixture(scope="module")
def workers() -> Workers:
    return Workers(2)


def filled(workers: Workers, vectors: np.ndarray, *, batch: int) -> FastScanIndex:
    index = FastScanIndex(vectors.shape[1], workers, sizes=SIZES)
    for start in range(0, len(vectors), batch):
        part = vectors[start : start + batch]
        index.add(np.arange(start + 1, start + 1 + len(part)), part)
    index.settle()
    return index


def exact(vectors: np.ndarray, probe: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors.astype(np.float32) - probe.astype(np.float32), axis=1)


@pytest.mark.parametrize("make", [people, uneven])
@pytest.mark.parametrize("batch", [100, 10_000])
def test_every_vector_within_the_radius_is_found(workers: Workers, make, batch: int) -> None:
    vectors = make(20_000, 64)
    index = filled(workers, vectors, batch=batch)
    assert index.segments >= 5
    for probe in vectors[::1999].astype(np.float32):
        distances = exact(vectors, probe)
        radius = float(np.sort(distances)[300])
        found = index.search(probe, limit=4096, radius=radius)
        expected = np.flatnonzero(distances <= radius) + 1
        assert set(expected.tolist()) - set(found.rows.tolist()) == set()
        assert found.distances == pytest.approx(distances[found.rows - 1], abs=1e-5)


def test_the_nearest_are_found_exactly_when_more_match_than_are_asked_for(workers: Workers) -> None:
    vectors = people(8_000, 64)
    index = filled(workers, vectors, batch=8_000)
    probe = vectors[0].astype(np.float32)
    distances = exact(vectors, probe)
    found = index.search(probe, limit=25, radius=1.3)
    assert found.distances == pytest.approx(np.sort(distances)[:25], abs=1e-5)


def test_4096_matches_are_all_found_though_they_lie_in_one_segment(workers: Workers) -> None:
    crowd = people(1, 64, images=4096)
    vectors = np.concatenate([people(12_000, 64, seed=1), crowd])
    index = FastScanIndex(64, workers, sizes=Sizes(tail=256, segment=32_768))
    index.add(np.arange(len(vectors)), vectors)
    found = index.search(crowd[7].astype(np.float32), limit=4096, radius=1.1)
    assert set(found.rows.tolist()) == set(range(12_000, 16_096))


def test_vectors_unlike_all_others_are_found(workers: Workers) -> None:
    """A few from another camera, or another world: no codebook is trained for them."""
    random = np.random.default_rng(5)
    strange = (uneven(60, 64, seed=8) * 4 + random.normal(0, 0.3, (60, 64))).astype(np.float16)
    vectors = np.concatenate([uneven(15_000, 64), strange])
    index = FastScanIndex(64, workers, sizes=Sizes(tail=256, segment=32_768))
    index.add(np.arange(len(vectors)), vectors)
    for row in range(15_000, 15_060):
        probe = vectors[row].astype(np.float32) + 0.01
        assert row in index.search(probe, limit=50, radius=0.1).rows


@pytest.mark.parametrize("copies", [3_000, 12_000])
def test_one_vector_enrolled_thousands_of_times_hides_nobody(workers: Workers, copies: int) -> None:
    crowd = np.repeat(people(1, 64, seed=3), copies, axis=0)
    others = people(6_000, 64, seed=4)
    index = FastScanIndex(64, workers, sizes=Sizes(tail=256, segment=32_768))
    index.add(np.arange(copies + 6_000), np.concatenate([crowd, others]))
    found = index.search(crowd[0].astype(np.float32), limit=4096, radius=0.05)
    assert len(set(found.rows.tolist())) == min(copies, 4096)
    assert (found.distances < 0.001).all()
    for row in range(0, 6_000, 500):
        assert copies + row in index.search(others[row].astype(np.float32), limit=5, radius=0.05).rows


def test_a_crowd_at_one_distance_does_not_hide_the_nearest(workers: Workers) -> None:
    """30,000 copies a little farther away than 20 singles."""
    base = people(1, 64)[0].astype(np.float32)
    towards = people(21, 64, seed=2).astype(np.float32)
    towards -= (towards @ base)[:, None] * base
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    crowd = np.repeat((base + 0.55 * towards[:1]), 30_000, axis=0)
    singles = base + 0.50 * towards[1:]
    vectors = np.concatenate([crowd, singles, people(30_000, 64, seed=4)]).astype(np.float16)
    index = FastScanIndex(64, workers, sizes=Sizes(tail=256, segment=65_536))
    index.add(np.arange(len(vectors)), vectors)
    found = index.search(base, limit=10, radius=0.6)
    assert set(found.rows.tolist()) <= set(range(30_000, 30_020))
    assert len(found.rows) == 10


def test_an_error_of_upkeep_is_told_and_the_faces_are_found_all_the_same(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.collections import fastscan

    vectors = people(700, 32)
    index = FastScanIndex(32, workers, sizes=SIZES)
    with monkeypatch.context() as patch, capture_logs() as told:
        patch.setattr(fastscan, "build_segment", lambda *_: 1 / 0)
        for start in range(0, 600, 100):
            index.add(np.arange(start, start + 100), vectors[start : start + 100])
            index.settle()
        assert index.search(vectors[550].astype(np.float32), limit=1).rows.tolist() == [550]
    assert any(entry["log_level"] == "error" for entry in told)
    index.add(np.arange(600, 700), vectors[600:])
    index.settle()
    assert index.segments > 0
    assert len(index) == 700


def test_slivers_between_large_segments_do_not_stay(workers: Workers) -> None:
    vectors = people(6_060, 32)
    index = FastScanIndex(32, workers, sizes=SIZES)
    row = 0
    for _ in range(20):
        for size in (300, 3):
            index.add(np.arange(row, row + size), vectors[row : row + size])
            row += size
    index.settle()
    assert len(index) == 6_060
    assert index.segments <= 8


def test_small_segments_are_merged_and_none_is_larger_than_allowed(workers: Workers) -> None:
    index = filled(workers, people(20_000, 16), batch=100)
    assert len(index) == 20_000
    sizes = [len(segment) for segment in index._held.segments]
    assert max(sizes) <= SIZES.segment
    assert len(sizes) < 20_000 / SIZES.tail / 2


def test_a_segment_with_many_erased_is_built_anew_without_them(workers: Workers) -> None:
    vectors = people(4_000, 32)
    index = filled(workers, vectors, batch=4_000)
    index.remove(np.arange(1, 2_001))
    index.settle()
    assert len(index) == sum(len(segment) for segment in index._held.segments) == 2_000
    assert index.search(vectors[10].astype(np.float32), limit=5, radius=0.01).rows.size == 0
    assert index.search(vectors[3_000].astype(np.float32), limit=5, radius=0.01).rows.tolist() == [3_001]


def test_an_index_that_lost_all_is_empty(workers: Workers) -> None:
    vectors = people(1_000, 32)
    index = filled(workers, vectors, batch=1_000)
    index.remove(np.arange(1, 1_001))
    index.settle()
    assert (len(index), index.segments) == (0, 0)
    assert index.search(vectors[0].astype(np.float32), limit=5).rows.size == 0


def test_what_is_removed_while_its_segment_is_built_stays_removed(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regard.collections import fastscan

    vectors = people(512, 32)
    index = FastScanIndex(32, workers, sizes=SIZES)
    build = fastscan.build_segment

    def build_while_one_is_removed(*arguments: object) -> object:
        segment = build(*arguments)
        index.remove(np.array([5, 200]))
        return segment

    monkeypatch.setattr(fastscan, "build_segment", build_while_one_is_removed)
    index.add(np.arange(200), vectors[:200])
    index.add(np.arange(200, 400), vectors[200:400])
    index.settle()
    assert index.segments >= 1
    assert len(index) == 398
    for row in (5, 200):
        assert index.search(vectors[row].astype(np.float32), limit=1, radius=0.01).rows.size == 0


def test_a_segment_of_codes_takes_a_fraction_of_its_vectors_memory(workers: Workers) -> None:
    index = filled(workers, people(4_096, 128), batch=4_096)
    buffers = sum(segment.buffer.nbytes for segment in index._held.segments)
    # Codes: a bit for a dimension. A byte for whether it lives.
    assert index.memory == buffers + 4_096 * (16 + 1)


def test_searches_of_many_at_once_find_what_each_alone_finds(workers: Workers) -> None:
    vectors = people(12_000, 32)
    index = filled(workers, vectors, batch=12_000)
    index.add(np.arange(12_001, 12_021), people(20, 32, seed=9))  # in the tail
    probes = vectors[::250].astype(np.float32)
    wanted = [(probe, 5 + n % 3, 0.9 if n % 2 else float("inf")) for n, probe in enumerate(probes)]

    def search(one: tuple[np.ndarray, int, float]) -> list[int]:
        probe, limit, radius = one
        return index.search(probe, limit=limit, radius=radius).rows.tolist()

    alone = [search(one) for one in wanted]
    with ThreadPoolExecutor(12) as pool:
        for _ in range(3):
            assert list(pool.map(search, wanted)) == alone


def test_a_strangers_nearest_is_found_without_a_radius(workers: Workers) -> None:
    vectors = people(30_000, 128)
    index = FastScanIndex(128, workers, sizes=Sizes(tail=256, segment=65_536))
    index.add(np.arange(30_000), vectors)
    strangers = people(60, 128, seed=77).astype(np.float32)
    found = [index.search(probe, limit=10).rows[0] for probe in strangers]
    exact_nearest = [int(np.argmin(exact(vectors, probe))) for probe in strangers]
    assert np.mean(np.array(found) == exact_nearest) >= 0.98
