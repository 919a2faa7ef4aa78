"""Intervals hold what they promise, also where observations depend on each other."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.evaluation.intervals import (
    Rate,
    beta_quantile,
    beta_share,
    clopper_pearson,
    clustered_mean,
    clustered_rate,
    student,
)


@given(st.integers(1, 60), st.integers(1, 60), st.floats(0.001, 0.999))
def test_the_beta_distribution_is_a_sum_of_binomial_terms(a: int, b: int, x: float) -> None:
    trials = a + b - 1
    expected = math.fsum(math.comb(trials, k) * x**k * (1 - x) ** (trials - k) for k in range(a, trials + 1))
    assert beta_share(x, a, b) == pytest.approx(expected, abs=1e-12)


@given(st.floats(0.01, 0.99), st.floats(0.3, 1e5), st.floats(0.3, 1e7))
def test_a_quantile_undoes_the_cumulative_share(share: float, a: float, b: float) -> None:
    assert beta_share(beta_quantile(share, a, b), a, b) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    ("events", "trials", "low", "high"),
    [
        (0, 10, 0, 0.3084971),  # 1 - .025^(1/10)
        (10, 10, 0.6915029, 1),
        (3, 100, 0.0062300, 0.0851761),  # R: binom.test(3, 100)
        (50, 100, 0.3983211, 0.6016789),  # R: binom.test(50, 100)
    ],
)
def test_known_intervals_of_clopper_and_pearson(events: int, trials: int, low: float, high: float) -> None:
    assert clopper_pearson(events, trials) == pytest.approx((low, high), abs=1e-6)


def test_none_among_a_million_bounds_the_rate_by_the_rule_of_three_and_a_bit() -> None:
    assert clopper_pearson(0, 1e6)[1] == pytest.approx(-math.log(0.025) / 1e6, rel=1e-5)


def test_no_trials_tell_nothing() -> None:
    assert clopper_pearson(0, 0) == (0, 1)


@pytest.mark.parametrize(("freedom", "quantile"), [(1, 12.7062), (4, 2.7764), (30, 2.0423), (1000, 1.9623)])
def test_students_quantiles_are_those_of_the_tables(freedom: int, quantile: float) -> None:
    assert student(freedom) == pytest.approx(quantile, abs=1e-4)


@given(st.integers(0, 50), st.integers(1, 1000), st.floats(0.9, 0.999))
def test_more_confidence_is_a_wider_interval(events: int, more: int, confidence: float) -> None:
    rate = Rate.counted(events, events + more)
    low, high = rate.interval(confidence)
    wider = rate.interval(confidence + (1 - confidence) / 2)
    assert wider[0] <= low <= rate.value <= high <= wider[1]


def test_pictures_of_one_person_count_as_hardly_more_than_one() -> None:
    alike = clustered_rate(np.repeat([True, False, False, True, False], 20), np.repeat(np.arange(5), 20))
    apart = clustered_rate([True, False, False, True, False], range(5))
    assert alike.value == apart.value == 0.4
    assert alike.high - alike.low > 0.9 * (apart.high - apart.low)


def test_every_person_can_weigh_the_same() -> None:
    outcomes, people = [True] * 98 + [False, False], [0] * 98 + [1, 2]
    assert clustered_rate(outcomes, people).value == 0.98
    assert clustered_rate(outcomes, people, each_cluster_alike=True).value == pytest.approx(1 / 3)


def test_what_never_happened_is_bounded_by_the_number_of_people() -> None:
    rate = clustered_rate([False] * 1000, np.repeat(np.arange(10), 100))
    assert (rate.value, rate.high) == (0, pytest.approx(0.3084971, abs=1e-6))


@pytest.mark.parametrize(("value", "people"), [(0.02, 60), (0.1, 60), (0.5, 60), (0.05, 40), (0.1, 20)])
def test_the_interval_of_a_clustered_rate_covers_it(value: float, people: int) -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        own = random.beta(value, 1 - value, people)  # people differ very much
        sizes = random.integers(1, 9, people)
        outcomes = random.random(sizes.sum()) < np.repeat(own, sizes)
        rate = clustered_rate(outcomes, np.repeat(np.arange(people), sizes), each_cluster_alike=True)
        covered += rate.low <= value <= rate.high
    assert covered >= 0.93 * 400


def test_the_interval_of_a_clustered_mean_covers_it() -> None:
    random = np.random.default_rng(0)
    covered = 0
    for _ in range(400):
        own = random.normal(0, 5, 20)
        mean = clustered_mean(np.repeat(own, 5) + random.normal(0, 1, 100), np.repeat(np.arange(20), 5))
        assert mean is not None
        covered += mean.low <= 0 <= mean.high
    assert 0.92 * 400 <= covered <= 0.98 * 400


def test_the_mean_of_one_person_is_not_told() -> None:
    assert clustered_mean([1, 2, 3], [7, 7, 7]) is None
