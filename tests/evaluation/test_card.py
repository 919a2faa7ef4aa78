"""The model card: what is in it was measured, and what can't be is said to be extrapolated."""

from __future__ import annotations

import json

import numpy as np
import pytest

from regard.collections.face_models import FACE_MODELS, FaceModel, FaceModels
from regard.errors import RegardError
from regard.evaluation.card import THRESHOLDS, ModelCard
from regard.evaluation.card_rates import galleries_of, groups_of, rates_at
from regard.evaluation.pairs import Pairs
from regard.evaluation.rates import GALLERIES, false_match_rate
from regard.packs.manifest import find_pack

MODEL = FaceModels().default


MADE = [version for version, model in FACE_MODELS.items() if not model.is_retired]


@pytest.fixture(scope="module", params=MADE)
def model(request: pytest.FixtureRequest) -> FaceModel:
    """Each that makes vectors."""
    return FACE_MODELS[request.param]


@pytest.fixture(scope="module")
def card(model: FaceModel) -> ModelCard:
    return ModelCard.load("default", model.version)


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    """600 people, of whom three in a thousand pairs are near, by a power of the distance."""
    random = np.random.default_rng(0)
    total = 600 * 599 // 2
    chosen = random.choice(total, total * 3 // 1000, replace=False)
    near = np.stack([indices[chosen] for indices in np.triu_indices(600, 1)], 1)
    radius = MODEL.curve.distance_at(50) * 1.03
    distance = radius * random.random(len(near)) ** (1 / 30)
    nobody = np.empty((0, 2), np.int64)
    return Pairs(np.arange(600), radius, near, distance.astype(np.float32), nobody, np.empty(0, np.float32))


def test_every_face_model_has_a_card_of_its_own(card: ModelCard, model: FaceModel) -> None:
    assert card.model == model.version
    assert card.pack == find_pack("default").name


def test_its_distances_are_those_of_the_models_similarity(card: ModelCard, model: FaceModel) -> None:
    assert [rate.threshold for rate in card.rates] == list(THRESHOLDS)
    for rate in card.rates:
        assert rate.distance == pytest.approx(model.curve.distance_at(rate.threshold), abs=1e-6), (
            "run python -m training.make_card"
        )


def test_every_number_lies_in_its_interval(card: ModelCard) -> None:
    rates = [*card.rates, *(rate for table in card.groups for group in table.groups for rate in group.rates)]
    measured = [rate.false_match for rate in rates] + [rate.true_match for rate in rates if rate.true_match]
    measured += [rate.false_positive for rate in card.galleries]
    for number in measured:
        assert 0 <= number.low <= number.value <= number.high <= 1


def test_galleries_of_all_sizes_are_told(card: ModelCard) -> None:
    assert [(rate.size, rate.threshold) for rate in card.galleries] == [
        (size, threshold) for size in GALLERIES for threshold in (80, 95, 99)
    ]


def test_a_card_is_read_as_it_was_written(card: ModelCard) -> None:
    assert ModelCard.parse(card.dump()) == card
    assert json.loads(card.dump()) == json.loads(json.dumps(card.facts()))


@pytest.mark.parametrize("name", ["nudenet", "../default", "none.such"])
def test_a_pack_without_a_card_is_said_to_have_none(name: str) -> None:
    with pytest.raises(RegardError, match="has no model card"):
        ModelCard.load(name, "2.0")


@pytest.mark.parametrize("change", [{"limits": None}, {"pictures": "many"}, {"more": 1}, {"rates": [1]}])
def test_a_damaged_card_is_refused(card: ModelCard, change: dict[str, object]) -> None:
    with pytest.raises(RegardError, match="The model card is damaged"):
        ModelCard.parse(json.dumps(json.loads(card.dump()) | change))


def test_rates_that_are_seen_are_counted_and_others_extrapolated(pairs: Pairs) -> None:
    loose, strict = rates_at(pairs, MODEL.curve, (50, 99.9))
    counted = false_match_rate(pairs, MODEL.curve.distance_at(50))
    assert counted is not None
    assert (loose.false_match.value, loose.false_match.extrapolated) == (counted.value, False)
    assert strict.false_match.extrapolated
    assert 0 < strict.false_match.low < strict.false_match.value < loose.false_match.low
    assert loose.true_match is None


def test_a_group_is_measured_among_its_own_people(pairs: Pairs) -> None:
    half = np.arange(600) < 300
    first, second = groups_of(pairs, [("a", half), ("b", ~half)], MODEL.curve, (50,))
    assert (first.people, first.pairs) == (second.people, second.pairs) == (300, 300 * 299 // 2)
    alone = false_match_rate(pairs.within(half), MODEL.curve.distance_at(50))
    assert alone is not None
    assert first.rates[0].false_match.value == alone.value


def test_a_gallery_inherits_what_is_not_sure_of_a_rate(pairs: Pairs) -> None:
    rates = rates_at(pairs, MODEL.curve, (80.0, 99.0))
    found = {(rate.size, rate.threshold): rate.false_positive for rate in galleries_of(rates)}
    assert found[1000, 99.0].extrapolated == rates[1].false_match.extrapolated
    assert found[1000, 80.0].value == pytest.approx(1 - (1 - rates[0].false_match.value) ** 1000)
    assert found[1000, 80.0].low < found[1000, 80.0].value < found[1000, 80.0].high
