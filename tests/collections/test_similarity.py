"""Similarity in percent is a strictly falling function of distance that can be inverted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.collections.face_models import FACE_MODELS

similarity, distance_at = FACE_MODELS["2.0"].curve.similarity, FACE_MODELS["2.0"].curve.distance_at


def test_the_same_face_is_100_percent() -> None:
    assert similarity(0.0) == 100.0
    assert distance_at(100.0) == 0.0


def test_similarity_falls_strictly_with_distance() -> None:
    assert (np.diff(similarity(np.linspace(0.15, 2.0, 1000))) < 0).all()


@given(st.floats(0.01, 99.999))
def test_a_threshold_and_its_distance_are_inverse(percent: float) -> None:
    assert similarity(distance_at(percent)) == pytest.approx(percent, rel=1e-9)


def test_arrays_and_numbers_agree() -> None:
    distances = np.array([0.0, 0.3, 0.6, 0.9], np.float32)
    assert similarity(distances).tolist() == pytest.approx([similarity(float(d)) for d in distances])


def test_no_similarity_reaches_any_distance() -> None:
    assert distance_at(0.0) == float("inf")
    assert similarity(1e6) == pytest.approx(0.0)


@pytest.mark.parametrize("percent", [-1.0, 100.1, float("nan")])
def test_other_numbers_are_no_percentage(percent: float) -> None:
    with pytest.raises(ValueError, match="percentage"):
        distance_at(percent)


def test_earlier_versions_keep_their_curve() -> None:
    assert FACE_MODELS["1.0"].curve.distance_at(80) == pytest.approx(0.5526, abs=1e-4)
    assert FACE_MODELS["1.0"].curve.similarity(0.5526) == pytest.approx(80, abs=0.05)


def test_a_tenth_of_the_false_match_rate_takes_as_much_nearer_from_80_to_95_as_from_95_to_99() -> None:
    """What makes one curve mean 1e-4, 1e-5 and 1e-6: the rate is a power of the distance."""
    first, second = distance_at(95) / distance_at(80), distance_at(99) / distance_at(95)
    assert second == pytest.approx(first, rel=0.01)
    assert first < 0.95
