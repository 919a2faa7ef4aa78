"""False match and false non-match rates, against brute force and against worlds whose rates are known."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.evaluation.pairs import all_pairs
from regard.evaluation.rates import (
    distance_at_rate,
    false_match_rate,
    false_non_match_rate,
    gallery_rate,
    true_match_rate_at,
    unevenness_of,
)
from tests.evaluation.made import strangers

SETS = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=40
)


def made(faces: list[tuple[str, int, int]]) -> tuple[np.ndarray, list[str]]:
    return np.array([face[1:] for face in faces], np.float32), [face[0] for face in faces]


def shares(rows: np.ndarray, names: list[str]) -> dict[tuple[str, str], list[bool]]:
    """Of each pair of people, or of one person, whether each pair of pictures is within 1.5."""
    found: dict[tuple[str, str], list[bool]] = {}
    for a, b in combinations(range(len(rows)), 2):
        first, second = sorted((names[a], names[b]))
        found.setdefault((first, second), []).append(bool(np.linalg.norm(rows[a] - rows[b]) <= 1.5))
    return found


@given(SETS)
def test_rates_are_those_of_brute_force(faces: list[tuple[str, int, int]]) -> None:
    rows, names = made(faces)
    pairs = all_pairs(rows, names, radius=1.6, share=0.0)
    near = shares(rows, names)
    strange = [hits for (a, b), hits in near.items() if a != b]
    own = [hits for (a, b), hits in near.items() if a == b]
    wrong, missed = false_match_rate(pairs, 1.5), false_non_match_rate(pairs, 1.5)
    if strange:
        assert wrong is not None
        assert wrong.value == pytest.approx(np.mean([np.mean(hits) for hits in strange]))
        assert (wrong.events, wrong.trials) == (sum(map(any, strange)), len(strange))
        every = false_match_rate(pairs, 1.5, every_picture=True)
        assert every is not None
        assert every.value == pytest.approx(np.mean(np.concatenate(strange)))
    else:
        assert wrong is None
    if own:
        assert missed is not None
        assert missed.value == pytest.approx(1 - np.mean([np.mean(hits) for hits in own]))
    else:
        assert missed is None


def test_the_variance_is_that_of_summing_over_all_pairs_that_share_a_person() -> None:
    random = np.random.default_rng(3)
    people = 30
    hit = np.triu(random.random((people, people)) < 0.2, 1)
    rate = false_match_rate(strangers(people, np.argwhere(hit)), 0.5)
    assert rate is not None
    off = {pair: hit[pair] - rate.value for pair in combinations(range(people), 2)}
    variance = sum(off[a] * off[b] for a in off for b in off if set(a) & set(b)) / len(off) ** 2
    expected = (
        rate.value * (1 - rate.value) / variance * (1.959964 / 2.04523) ** 2
    )  # t of 29 degrees of freedom
    assert rate.effective == pytest.approx(min(expected, len(off)), rel=1e-4)


@pytest.mark.parametrize(
    ("people", "rate", "unlike"), [(50, 1e-3, 2.0), (100, 2e-3, 5.0), (150, 1e-2, 1.0), (150, 1e-3, 0.0)]
)
def test_the_interval_of_a_false_match_rate_covers_it(people: int, rate: float, unlike: float) -> None:
    """People differ in how many they resemble: a squared coefficient of variation of `unlike`."""
    random = np.random.default_rng(1)
    first, second = np.triu_indices(people, 1)
    sigma = np.sqrt(np.log1p(unlike))
    covered, low, high = 0, 0, 0
    for _ in range(300):
        own = np.exp(random.normal(-sigma * sigma / 2, sigma, people))
        hit = random.random(len(first)) < np.minimum(rate * own[first] * own[second], 1)
        measured = false_match_rate(strangers(people, np.stack([first[hit], second[hit]], 1)), 0.5)
        assert measured is not None
        covered += measured.low <= rate <= measured.high
        low, high = low + (rate < measured.low), high + (rate > measured.high)
    assert covered >= 0.94 * 300
    assert max(low, high) <= 0.045 * 300


def test_people_who_resemble_many_make_the_rate_less_sure() -> None:
    people = 200
    scattered = np.stack([np.arange(0, 80, 2), np.arange(1, 81, 2)], 1)
    wolf = np.stack([np.zeros(40, int), np.arange(1, 41)], 1)
    alone, many = (false_match_rate(strangers(people, pairs), 0.5) for pairs in (scattered, wolf))
    assert alone is not None
    assert many is not None
    assert alone.value == many.value
    assert many.high - many.low > 3 * (alone.high - alone.low)
    assert unevenness_of(strangers(people, wolf[:5]), 0.5) == 0  # too few to see


def test_no_false_match_still_bounds_the_rate() -> None:
    rate = false_match_rate(strangers(1000, np.empty((0, 2), np.int64)), 0.5)
    assert rate is not None
    assert (rate.value, rate.low, rate.events) == (0, 0, 0)
    assert 3.6 / rate.trials < rate.high < 8 / rate.trials


def test_beyond_the_known_distance_a_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="known up to"):
        false_match_rate(strangers(5, np.empty((0, 2), np.int64)), 1.1)


@given(SETS, st.floats(0.001, 0.5))
def test_the_distance_of_a_rate_is_the_largest_that_keeps_it(
    faces: list[tuple[str, int, int]], rate: float
) -> None:
    rows, names = made(faces)
    pairs = all_pairs(rows, names, radius=20.0)
    try:
        distance = distance_at_rate(pairs, rate)
    except ValueError:
        return
    measured = false_match_rate(pairs, distance)
    beyond = false_match_rate(pairs, float(np.nextafter(np.float32(distance), np.float32(99))))
    assert measured is not None
    assert beyond is not None
    assert measured.value <= rate + 1e-12 < beyond.value + 2e-12


def test_the_true_match_rate_is_told_at_a_false_match_rate() -> None:
    random = np.random.default_rng(0)
    centres = random.normal(size=(60, 4))
    rows = (np.repeat(centres, 3, 0) + random.normal(0, 0.1, (180, 4))).astype(np.float32)
    pairs = all_pairs(rows, [str(number // 3) for number in range(180)], radius=0.5, share=0.01)
    true = true_match_rate_at(pairs, 1e-3)
    missed = false_non_match_rate(pairs, distance_at_rate(pairs, 1e-3))
    assert true is not None
    assert missed is not None
    assert true.value == pytest.approx(1 - missed.value)
    assert true.low < true.value < true.high


def test_a_rate_grows_with_the_gallery_as_independent_comparisons_do() -> None:
    assert gallery_rate(1e-6, 1_000_000) == pytest.approx(1 - (1 - 1e-6) ** 1_000_000)
    assert gallery_rate(1e-12, 1000) == pytest.approx(1e-9)
    assert gallery_rate(0.0, 10) == 0
    assert gallery_rate(1.0, 10) == 1
