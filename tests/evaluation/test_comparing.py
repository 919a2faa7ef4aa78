"""A difference between groups is real, or is not said to be."""

from __future__ import annotations

import math

import numpy as np
import pytest

from regard.evaluation.comparing import compare, needed
from regard.evaluation.intervals import Rate


def test_groups_that_differ_much_are_told_apart() -> None:
    found = compare(
        {name: Rate.counted(events, 1000) for name, events in (("a", 300), ("b", 100), ("c", 150))}
    )
    assert found is not None
    assert (found.worse, found.better, found.ratio) == ("a", "b", pytest.approx(3))
    assert 1 < found.ratio_bound < 3
    assert found.is_real


def test_a_small_group_does_not_hide_a_difference_between_large_ones() -> None:
    found = compare({"a": Rate.counted(300, 1000), "b": Rate.counted(100, 1000), "tiny": Rate.counted(1, 2)})
    assert found is not None
    assert (found.worse, found.better, found.is_real) == ("a", "b", True)


def test_a_rate_of_zero_has_no_ratio_but_a_bound() -> None:
    found = compare({"a": Rate.counted(300, 1000), "b": Rate.counted(0, 1000)})
    assert found is not None
    assert math.isinf(found.ratio)
    assert 50 < found.ratio_bound < 90


def test_nothing_is_compared_where_nothing_happened_or_nobody_else_is() -> None:
    assert compare({"a": Rate.counted(0, 10), "b": Rate.counted(0, 10)}) is None
    assert compare({"a": Rate.counted(5, 10)}) is None


@pytest.mark.parametrize("groups", [2, 7])
def test_groups_that_are_alike_are_seldom_said_to_differ(groups: int) -> None:
    random = np.random.default_rng(0)
    wrong = 0
    for _ in range(600):
        events = random.binomial(400, 0.1, groups)
        found = compare({str(number): Rate.counted(int(count), 400) for number, count in enumerate(events)})
        wrong += found is not None and found.is_real
    assert wrong <= 0.05 * 600


def test_the_people_needed_are_enough_to_be_sure() -> None:
    few = Rate.counted(12, 100), Rate.counted(6, 100)
    more = needed(*few)
    assert more is not None
    enough = [Rate.counted(round(rate.events * more * 1.5), round(100 * more * 1.5)) for rate in few]
    found, before = compare(dict(zip("ab", enough, strict=True))), compare(dict(zip("ab", few, strict=True)))
    assert found is not None
    assert before is not None
    assert (before.is_real, found.is_real) == (False, True)


def test_no_number_of_people_is_named_for_rates_that_are_alike() -> None:
    assert needed(Rate.counted(11, 100), Rate.counted(10, 100)) is None
