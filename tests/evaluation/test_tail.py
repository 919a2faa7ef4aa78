"""Rates that are too small to count are extrapolated, and said to be uncertain."""

from __future__ import annotations

import numpy as np
import pytest

from regard.evaluation.pairs import Pairs
from regard.evaluation.tail import fit_tail

PEOPLE = 1200
POWER = 30.0  # the rate at distance d is d^POWER / 1000, for d up to 1.07


def world(seed: int) -> Pairs:
    """People with a picture each, whose distances have a tail that is a power of the distance."""
    random = np.random.default_rng(seed)
    total = PEOPLE * (PEOPLE - 1) // 2
    count = random.binomial(total, 2e-3)
    chosen = random.choice(total, count, replace=False)
    near = np.stack([indices[chosen] for indices in np.triu_indices(PEOPLE, 1)], 1)
    radius = 2 ** (1 / POWER)
    distance = radius * random.random(count) ** (1 / POWER)
    return Pairs(
        np.arange(PEOPLE),
        radius,
        near,
        distance.astype(np.float32),
        np.empty((0, 2), int),
        np.empty(0, np.float32),
    )


def test_a_power_law_is_followed_to_a_millionth() -> None:
    distance = 10 ** (-3 / POWER)  # where the rate is 1e-6
    covered, values = 0, []
    for seed in range(20):
        tail = fit_tail(world(seed))
        assert tail is not None
        value, low, high = tail.rate(distance)
        assert 0 < low <= value <= high
        covered += low <= 1e-6 <= high
        values.append(value)
    assert covered >= 17
    assert np.median(values) == pytest.approx(1e-6, rel=0.5)


def test_at_its_start_the_tail_has_the_rate_that_is_counted() -> None:
    tail = fit_tail(world(0))
    assert tail is not None
    assert tail.rate(tail.start)[0] == pytest.approx(1e-3, rel=0.01)


def test_no_rate_is_ever_said_to_be_zero() -> None:
    pairs = world(1)
    uniform = np.linspace(0.99, 1.0, len(pairs.near), dtype=np.float32)  # a tail that ends at once
    tail = fit_tail(Pairs(pairs.people, 1.0, pairs.near, uniform, pairs.genuine, pairs.genuine_distance))
    assert tail is not None
    inside = uniform[uniform < tail.start].astype(np.float64)
    power = 1 / np.log(tail.start / inside).mean()
    expected = len(inside) / pairs.person_pairs * (0.9 / tail.start) ** power
    assert tail.rate(0.9)[0] == pytest.approx(expected, rel=1e-3)


def test_nothing_is_extrapolated_from_a_handful_of_pairs() -> None:
    pairs = world(2)
    assert fit_tail(pairs.within(np.arange(PEOPLE) < 200)) is None
