"""That a head, a face or a hand is bare takes more than that no cover was found on it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.vision.protective.bare import SURE, BareCurve, load_bare_curves

CURVE = BareCurve(limit=-5.0, min_side=16.0)
probabilities = st.floats(0, 1)


def cover(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def test_at_the_limit_it_is_sure_to_four_fifths() -> None:
    assert CURVE.probability(cover(-5.0), 40) == pytest.approx(SURE)


def test_a_cover_that_is_merely_unlikely_leaves_it_open() -> None:
    assert CURVE.probability(cover(-2.0), 40) < 0.2, "a tenth of all covers get so little"


def test_what_is_too_small_to_tell_is_never_bare() -> None:
    assert CURVE.probability(0.0, 15.9) == 0
    assert CURVE.probability(0.0, 16.0) > SURE


@given(probabilities, probabilities, st.floats(1, 500))
def test_the_likelier_a_cover_the_less_bare(one: float, other: float, side: float) -> None:
    less, more = sorted((one, other))
    assert 0 <= CURVE.probability(more, side) <= CURVE.probability(less, side) <= 1


def test_there_is_a_curve_for_every_cover_and_none_takes_an_even_probability_for_bare() -> None:
    curves = load_bare_curves()
    assert set(curves) == {"helmet", "mask", "glove"}
    for curve in curves.values():
        assert curve.probability(0.5, 100) < 0.5
        assert curve.probability(0.0, 100) > SURE
