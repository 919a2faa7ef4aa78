"""Cards of liveness evidence: what Confidence may be, by what was measured."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from regard.app import build
from regard.errors import RegardError
from regard.evaluation.liveness.presentations import ATTACKS
from regard.evaluation.liveness.rendered_bench import presentation_count
from regard.evaluation.liveness.species_rates import ScoredPresentation, apcer_bound, make_card
from regard.liveness.cards import card_in_force
from regard.presentation.audits.liveness_tables import species_table
from regard.settings import Settings
from regard.vision.liveness.card import SIMULATED_LIMIT, LivenessCard, VoidCard, load_card
from regard.vision.liveness.parameters import parameters_digest
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
    for name, reason in (("card.json", "is no card"), ("missing.json", "No such file")):
        with pytest.raises(RegardError, match=f"REGARD_LIVENESS_CARD, .*{reason}"):
            card_in_force(Settings.load({}, data=tmp_path, liveness_card=tmp_path / name))


def test_a_card_that_counts_no_more_leaves_no_card_and_the_reason(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(replace(measured(60), parameters="0" * 16).to_json())
    chosen = card_in_force(Settings.load({}, data=tmp_path, liveness_card=file))
    assert chosen.card is None
    assert "with other parameters, and counts no more: Confidence is at most 40" in chosen.basis


def test_the_audit_log_opens_beside_a_card_that_counts_no_more(tmp_path: Path) -> None:
    file = tmp_path / "card.json"
    file.write_text(replace(measured(60), version=VERSION + 1).to_json())
    settings = Settings.load({}, data=tmp_path / "data", liveness_card=file)
    parts = build(settings, has_models=False)
    assert list(parts.audit.export()) == []
    parts.close()


def test_repeats_of_a_portrait_are_no_presentations_more() -> None:
    assert presentation_count(24, None) == presentation_count(30, 24) == 24
    with pytest.raises(RegardError, match=r"of as many people; the folder has 1\."):
        presentation_count(1, 300)


def test_a_card_needs_an_attack() -> None:
    with pytest.raises(ValueError, match="attack"):
        make_card("Drawn numbers.", [ScoredPresentation("person", False, 1.0)], is_simulated=True)


@pytest.mark.parametrize(
    "other", [replace(measured(10), version=VERSION + 1), replace(measured(10), parameters="0" * 16)]
)
def test_a_card_of_other_evidence_or_of_other_parameters_is_void(other: LivenessCard) -> None:
    with pytest.raises(VoidCard, match="measure it anew"):
        LivenessCard.from_json(other.to_json())


def test_the_digest_changes_with_a_parameter(monkeypatch: pytest.MonkeyPatch) -> None:
    before = parameters_digest()
    monkeypatch.setattr("regard.vision.liveness.parameters.STRENGTH", 0.013)
    assert parameters_digest() != before


def test_the_card_that_comes_with_regard_counts_for_its_evidence() -> None:
    card = load_card()
    assert card.is_simulated
    assert {one.name for one in card.species if one.is_attack} == set(ATTACKS)
    attacks = [one for one in card.species if one.is_attack]
    for at, bound in enumerate(card.apcer_bounds):
        assert bound == max(apcer_bound(one.accepted[at], one.presentations) for one in attacks)


def test_the_card_that_comes_with_regard_tells_people_from_attacks() -> None:
    card = load_card()
    assert card.confidence(1.5) > 80
    assert card.confidence(1.5) > card.confidence(0.3)
    assert card.confidence(0.0) == 0


def test_what_a_confidence_rests_on_says_that_it_is_a_simulation() -> None:
    assert "simulation" in load_card().basis
    assert measured(10).basis == "Confidence above 40 rests on Drawn numbers."


def test_the_table_has_the_bounds_of_each_species() -> None:
    rows = {row[0]: row for row in species_table(measured(60)).rows}
    assert rows["print"][3:5] == ("1 (\u2264 7.7 %)", "0 (\u2264 4.9 %)")
    assert rows["person"][2:4] == ("1", "1 (\u2265 5.0 %)")
    assert rows["Confidence"][4] == "95.1"
