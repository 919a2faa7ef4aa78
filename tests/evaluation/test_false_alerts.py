"""What is to be expected of a search by a camera, from what the model card measured."""

from __future__ import annotations

import pytest

from regard.collections.face_models import FACE_MODELS
from regard.errors import RegardError
from regard.evaluation.card import ModelCard
from regard.evaluation.false_alerts import FalseAlertRate, false_match_at
from regard.evaluation.rates import gallery_rate

CARD = ModelCard.load("default", "3.0")


def test_at_a_similarity_of_the_card_the_rate_is_the_card_s() -> None:
    for one in CARD.rates:
        assert false_match_at(CARD, one.threshold).value == pytest.approx(one.false_match.value)
        assert false_match_at(CARD, one.threshold).high == pytest.approx(one.false_match.high)


def test_between_two_similarities_the_rate_is_a_power_of_the_distance() -> None:
    curve = FACE_MODELS["3.0"].curve
    below, above = (one for one in CARD.rates if one.threshold in (95.0, 99.0))
    middle = curve.similarity((below.distance * above.distance) ** 0.5)
    rate = false_match_at(CARD, middle)
    assert rate.value == pytest.approx((below.false_match.value * above.false_match.value) ** 0.5, rel=1e-3)
    assert rate.extrapolated


def test_the_rate_falls_as_the_threshold_rises() -> None:
    rates = [false_match_at(CARD, 80 + step / 4).value for step in range(81)]
    assert rates == sorted(rates, reverse=True)


def test_where_the_card_has_no_rate_none_is_made_up() -> None:
    with pytest.raises(ValueError, match="no false match rate"):
        false_match_at(CARD, 49.0)
    with pytest.raises(RegardError, match="no model card of face model 1.0"):
        ModelCard.load("default", "1.0")


def test_more_faces_alert_of_more_passers_by_and_none_of_nobody() -> None:
    rate = FalseAlertRate.of(CARD, 99.0, 1000, 6)
    measured = next(one.false_match for one in CARD.rates if one.threshold == 99.0)
    assert rate.per_passer.value == pytest.approx(gallery_rate(measured.value, 1000))
    assert rate.per_passer.low < rate.per_passer.value < rate.per_passer.high
    assert rate.per_passer.high == pytest.approx(gallery_rate(measured.high, 6000))
    assert rate.expected(10_000).value == pytest.approx(1e4 * rate.per_passer.value)
    assert FalseAlertRate.of(CARD, 99.0, 0, 6).per_passer.high == 0.0
