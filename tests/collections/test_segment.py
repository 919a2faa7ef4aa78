"""A segment scans codes, measures vectors, forgets what is erased and notices damage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from regard.collections.segment import DamagedSegment, Segment, build_segment
from tests.collections.gallery_data import people, uneven


def scan(segment: Segment, probe: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    squared, places = segment.scan((probe.astype(np.float32) @ segment.basis)[None], count)
    return squared[0], places[0]


@pytest.mark.parametrize(("count", "dimension"), [(1, 8), (3, 7), (33, 16), (700, 128), (500, 384)])
def test_segments_of_any_size_find_their_own(count: int, dimension: int) -> None:
    vectors = people(count, dimension)
    segment = build_segment(np.arange(count) * 2 + 1, vectors)
    for place in range(0, count, 97):
        squared, places = scan(segment, vectors[place], 10)
        assert place in places
        assert (np.diff(squared) >= 0).all()
        exact = segment.distances(vectors[place].astype(np.float32), places)
        assert exact[places == place] == 0


def test_the_same_vectors_make_the_same_bytes() -> None:
    vectors = people(300, 16)
    one, two = (build_segment(np.arange(300), vectors) for _ in range(2))
    assert (one.buffer == two.buffer).all()


@pytest.mark.parametrize("make", [people, uneven])
def test_codes_err_as_the_segment_says(make) -> None:
    vectors = make(20_000, 64)
    segment = build_segment(np.arange(len(vectors)), vectors)
    probes = vectors[::500].astype(np.float32) + 0.02
    beyond = total = 0
    for probe in probes:
        squared, places = scan(segment, probe, 400)
        exact = segment.distances(probe, places)
        beyond += sum(
            code > segment.errors.bound(float(distance), 4.0)
            for code, distance in zip(squared, exact, strict=True)
        )
        total += len(exact)
    assert total == 40 * 400
    assert beyond <= 3


def test_principal_axes_make_codes_of_uneven_vectors_far_better() -> None:
    vectors = uneven(5_000, 64)
    identity = np.eye(64, dtype=np.float32)
    with_axes = build_segment(np.arange(5_000), vectors)
    without = build_segment(np.arange(5_000), vectors, identity)
    assert with_axes.errors.mean < 0.5 * without.errors.mean


def test_an_erased_vector_is_infinitely_far_and_nowhere_in_the_buffer() -> None:
    vectors = people(1000, 32)
    segment = build_segment(np.arange(1000) * 3, vectors)
    packed = segment._codes[500 // 32].copy()
    assert segment.erase(np.array([1500, 1501, 9999])) == 1
    assert segment.living == 999
    assert segment.distances(vectors[500].astype(np.float32), np.array([500, 501]))[0] == np.inf
    assert vectors[500].tobytes() not in segment.buffer.tobytes()
    assert (segment._codes[500 // 32] != packed).any()
    assert segment.erase(np.array([1500])) == 0
    segment.verify()
    again = Segment(segment.buffer)
    assert again.living == 999


@pytest.mark.parametrize("dimension", [16, 128])
def test_any_place_can_be_erased(dimension: int) -> None:
    vectors = people(20_000, dimension)
    segment = build_segment(np.arange(20_000), vectors)
    gone = np.array([0, 31, 32, 2047, 2048, 16_383, 16_384, 19_999])
    assert segment.erase(gone) == len(gone)
    assert segment.living == 20_000 - len(gone)
    segment.verify()
    Segment(segment.buffer).verify()
    assert np.isinf(segment.distances(vectors[0].astype(np.float32), gone)).all()
    for place in (1, 2_050, 16_385, 19_998):
        assert place in scan(segment, vectors[place], 10)[1]


def test_a_thousand_erased_vectors_do_not_crowd_out_their_neighbours() -> None:
    vectors = people(4000, 32)
    segment = build_segment(np.arange(4000), vectors)
    segment.erase(np.arange(1000))
    for place in range(1000, 4000, 150):
        assert place in scan(segment, vectors[place], 20)[1]


def test_any_changed_byte_is_noticed() -> None:
    vectors = people(600, 16)
    vectors[7] *= 4
    segment = build_segment(np.arange(600), vectors)
    assert 7 in segment.outliers.places
    random = np.random.default_rng(3)
    parts = segment.layout.parts()
    for name, (offset, shape, kind) in parts.items():
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        if name == "end":
            continue
        buffer = segment.buffer.copy()
        buffer[offset + int(random.integers(size))] ^= 0x40
        with pytest.raises(DamagedSegment):
            Segment(buffer).verify()


def test_a_changed_header_is_noticed() -> None:
    segment = build_segment(np.arange(600), people(600, 16))
    buffer = segment.buffer.copy()
    at = bytes(buffer[:4096]).index(b'"mean": 0.') + len(b'"mean": 0.')
    buffer[at] = ord("9") if buffer[at] != ord("9") else ord("1")
    with pytest.raises(DamagedSegment, match="never changes"):
        Segment(buffer)


@pytest.mark.parametrize("damage", [b"", b"{}", b"\xff" * 5000, b'{"format": 9}'])
def test_what_is_no_segment_is_refused(damage: bytes) -> None:
    with pytest.raises(DamagedSegment):
        Segment(np.frombuffer(damage.ljust(5000, b"\0") if damage else damage, np.uint8).copy())


def test_a_segment_that_was_cut_off_is_refused() -> None:
    segment = build_segment(np.arange(100), people(100, 16))
    with pytest.raises(DamagedSegment, match="length"):
        Segment(segment.buffer[:-64])


def with_outliers() -> tuple[Segment, np.ndarray]:
    """1,000 vectors, and the places of those that no code fits."""
    vectors = people(1000, 16)
    vectors[100:110] *= 4
    segment = build_segment(np.arange(1000), vectors)
    assert len(segment.outliers.places) > 4
    return segment, segment.outliers.places


def test_what_the_keeper_of_a_file_has_erased_is_erased_by_who_follows_it(tmp_path: Path) -> None:
    segment, outliers = with_outliers()
    segment.buffer.tofile(tmp_path / "one")
    keeper, other = (Segment(np.memmap(tmp_path / "one", np.uint8, mode), tmp_path) for mode in ("r+", "c"))
    gone = np.array([5, outliers[0], 700])
    assert keeper.erase(gone) == 3
    assert other.erase(gone) == 3
    assert (keeper.living, other.living) == (997, 997)
    assert not other.outliers._vectors[0].any()
    assert other.erase(gone) == 0


def test_outliers_that_were_erased_hide_none_that_live_after_a_restart_either() -> None:
    segment, outliers = with_outliers()
    segment.erase(outliers[1:])
    probe = np.zeros((1, 16), np.float32)  # as near as can be to what an erased vector is overwritten with
    for opened in (segment, Segment(segment.buffer.copy())):
        (near,) = opened.outliers.near(probe, [1], [float("inf")])
        assert near.tolist() == outliers[:1].tolist()
