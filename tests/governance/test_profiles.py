"""Of several profiles the strictest value holds, and none is laxer than `base`."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.errors import RegardError
from regard.governance.profiles import load_profiles, profile_names

BASE = load_profiles("").rules


def own(tmp_path: Path, text: str) -> str:
    file = tmp_path / "ours.toml"
    file.write_text(text)
    return str(file)


def test_base_holds_where_nothing_is_chosen() -> None:
    assert load_profiles("").names == ("base",)
    assert (BASE.reviewers["law-enforcement"], BASE.candidates, BASE.offences) == (2, 10, None)


@pytest.mark.parametrize("name", profile_names())
def test_no_profile_makes_a_rule_laxer(name: str) -> None:
    rules = load_profiles(name).rules
    assert all(rules.reviewers[purpose] >= number for purpose, number in BASE.reviewers.items())
    assert all(rules.exigency_hours[kind] <= hours for kind, hours in BASE.exigency_hours.items())
    assert all(rules.retention[kind] <= hours for kind, hours in BASE.retention.items())
    assert rules.bases.keys() <= BASE.bases.keys()
    assert rules.training_days <= BASE.training_days
    assert rules.candidates <= BASE.candidates
    assert rules.recorded_search <= BASE.recorded_search
    assert rules.consent_always >= BASE.consent_always


def test_of_two_profiles_each_gives_its_stricter_value() -> None:
    rules = load_profiles("us-wa,us-md,eu").rules
    assert rules.bases["court-order"] == {"missing-person"}
    assert "administrative-authority" not in rules.bases
    assert rules.offences is not None
    assert len(rules.offences) == 12
    assert rules.reviewers["missing-person"] == 2


def test_the_order_of_profiles_changes_nothing() -> None:
    assert load_profiles("us-md,us-detroit").digest == load_profiles("us-detroit,us-md").digest


def test_offences_that_two_profiles_list_are_those_in_both() -> None:
    assert load_profiles("us-md,us-detroit").rules.offences == ()


def test_detroit_allows_no_live_recorded_or_mobile_search() -> None:
    rules = load_profiles("us-detroit").rules
    assert (dict(rules.bases), rules.recorded_search, rules.mobile) == ({}, False, False)


def test_an_own_file_makes_rules_stricter(tmp_path: Path) -> None:
    rules = load_profiles(own(tmp_path, "candidates = 5\n[reviewers]\nlaw-enforcement = 3\n")).rules
    assert (rules.candidates, rules.reviewers["law-enforcement"]) == (5, 3)


def test_an_own_file_makes_no_rule_laxer(tmp_path: Path) -> None:
    lax = "candidates = 50\ntraining_days = 9999\nsketch = true\n[reviewers]\nlaw-enforcement = 1\n"
    assert load_profiles(own(tmp_path, lax)).digest == load_profiles("").digest


def test_an_own_file_adds_no_ground_for_live_search(tmp_path: Path) -> None:
    grounds = load_profiles(own(tmp_path, "[bases]\nhunch = ['law-enforcement']\n")).rules.bases
    assert "hunch" not in grounds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("candidates = 'ten'", "no proper value for candidates"),
        ("candidates = true", "no proper value for candidates"),
        ("candidates = -1", "no proper value for candidates"),
        ("consent = true", "a rule that is not known: consent"),
        ("reviewers = 3", "no proper value for reviewers"),
        ("offences = [1]", "no proper value for offences"),
        ("= 3", "is not TOML"),
    ],
)
def test_a_file_with_a_mistake_is_refused_with_the_rule_s_name(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(RegardError, match=message):
        load_profiles(own(tmp_path, text))


def test_a_profile_that_there_is_not_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(RegardError, match=r"There is no profile us-ca; there are base, eu, "):
        load_profiles("us-ca")


def test_a_file_that_can_t_be_read_is_named_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(RegardError, match=r"The profile gone\.toml can't be read") as caught:
        load_profiles(str(tmp_path / "gone.toml"))
    assert str(tmp_path) not in str(caught.value)
