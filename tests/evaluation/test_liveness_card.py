"""Cards of liveness evidence: what Confidence may be, by what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from regard.errors import RegardError
from regard.evaluation.liveness.species_rates import ScoredPresentation, apcer_bound, make_card
from regard.operations.liveness.checking import check_liveness_card
from regard.settings import Settings
from regard.vision.liveness.card import SIMULATED_LIMIT, LivenessCard
from regard.vision.liveness.scoring import VERSION


def measured(attacks: int, *, best: float = 0.5, simulated: bool = False) -> LivenessCard:
    """A card of as many attacks of two species, of which none reaches more than `best`."""
    scored = [ScoredPresentation("person", False, 2.0)]
    scored += [ScoredPresentation("print", True, best - at / 1000) for at in range(attacks)]
    scored += [ScoredPresentation("replay", True) for _ in range(attacks)]
    return make_card("Drawn numbers.", scored, is_simulated=simulated)


@pytest.mark.parametrize(("presentations", "confidence"), [(300, 99), (60, 95)])
def test_confidence_is_what_no_accepted_attack_of_so_many_proves(presentations: int, confidence: int) -> None:
    assert measured(presentations).confidence(1.0) == pytest.approx(confidence, abs=0.2)


def test_a_score_that_attacks_reach_has_little_confidence() -> None:
    card = measured(300)
    assert card.confidence(0.3) < 40
    assert card.confidence(0.05) == 0


def test_the_worst_species_decides() -> None:
    card = measured(300)
    printed = next(one for one in card.species if one.name == "print")
    at = card.scores.index(0.4)
    assert card.apcer_bounds[at] == apcer_bound(printed.accepted[at], 300)


def test_confidence_never_falls_as_the_score_rises() -> None:
    card = measured(300)
    found = [card.confidence(at / 20) for at in range(80)]
    assert found == sorted(found)


def test_rendered_presentations_prove_at_most_ninety() -> None:
    assert measured(300, simulated=True).confidence(3.0) == SIMULATED_LIMIT


def test_a_card_is_the_same_after_it_was_kept() -> None:
    card = measured(10)
    assert LivenessCard.from_json(card.to_json()) == card


@pytest.mark.parametrize("text", ["[]", "{}", "no JSON", '{"species": [1]}'])
def test_what_is_no_card_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"card|Expecting"):
        LivenessCard.from_json(text)


def test_a_card_whose_columns_differ_in_length_or_hold_words_is_none() -> None:
    kept = json.loads(measured(10).to_json())
    for change in ({"scores": kept["scores"][1:]}, {"apcer_bounds": ["much"] * len(kept["scores"])}):
        with pytest.raises(ValueError, match="no card"):
            LivenessCard.from_json(json.dumps(kept | change))


def test_a_server_with_a_card_that_cannot_be_read_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "card.json").write_text("{}")
    for name in ("card.json", "missing.json"):
        with pytest.raises(RegardError, match="REGARD_LIVENESS_CARD"):
            check_liveness_card(Settings.load({}, data=tmp_path, liveness_card=tmp_path / name))


def test_a_card_needs_an_attack() -> None:
    with pytest.raises(ValueError, match="attack"):
        make_card("Drawn numbers.", [ScoredPresentation("person", False, 1.0)], is_simulated=True)


def test_a_card_of_another_version_is_refused() -> None:
    other = replace(measured(10), version=VERSION + 1)
    with pytest.raises(ValueError, match="another version"):
        LivenessCard.from_json(other.to_json())
