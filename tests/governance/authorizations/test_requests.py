"""What may be asked for follows from the rules of the installation."""

from __future__ import annotations

from typing import Any

import pytest
from tests.authorizing import DAY, HOUR, START, wanted

from regard.errors import InvalidParameterException
from regard.governance.authorizations.records import Ground
from regard.governance.authorizations.requests import Terms, terms_of
from regard.governance.profiles import load_profiles

CAMERA = {"cameras": ("gate-1",), "videos": ()}


def asked(profiles: str = "", basis: Ground = Ground.WARRANT, **changes: Any) -> Terms:
    return terms_of(wanted("C-2026-000001", basis, **changes), load_profiles(profiles).rules, START)


def test_without_dates_it_holds_from_now_on_for_as_long_as_the_rules_allow() -> None:
    assert asked() == Terms(begins=START, until=START + 30 * DAY)


def test_an_exigency_has_hours_for_the_authority() -> None:
    recorded, live = asked(basis=Ground.EXIGENCY), asked(basis=Ground.EXIGENCY, **CAMERA)
    assert (recorded.ask_by, recorded.decide_by) == (START + 48 * HOUR, START + 72 * HOUR)
    assert live.ask_by == START + 24 * HOUR


def test_an_exigency_that_is_to_end_sooner_is_decided_on_before_its_end() -> None:
    short = asked(basis=Ground.EXIGENCY, until=START + 3 * HOUR)
    assert (short.ask_by, short.decide_by, short.until) == (START + 3 * HOUR,) * 3


@pytest.mark.parametrize(
    ("profiles", "basis", "changes", "message"),
    [
        ("", Ground.WARRANT, {"videos": ()}, "name some of them"),
        ("", Ground.WARRANT, {"until": START + 31 * DAY}, "for 30 days at most"),
        ("", Ground.WARRANT, {"until": START}, "Until lies before"),
        ("", Ground.EXIGENCY, {"grounds": " "}, "give Grounds"),
        ("", Ground.COURT_ORDER, {"covert": True}, "Only a warrant may be covert"),
        ("us-wa", Ground.COURT_ORDER, {}, "no search by court-order for the purpose law-enforcement"),
        ("us-wa", Ground.FIRST_IDENTIFICATION, {}, "no first identification"),
        ("us-detroit", Ground.WARRANT, {}, "no face search in recorded videos"),
        ("us-detroit", Ground.WARRANT, CAMERA, "they allow: nothing"),
        ("eu", Ground.WARRANT, CAMERA, "for individuals alone"),
        ("", Ground.FIRST_IDENTIFICATION, {"videos": ("evidence/*",)}, "name each of its Videos"),
        ("", Ground.FIRST_IDENTIFICATION, CAMERA, "name each of its Videos"),
        ("", Ground.FIRST_IDENTIFICATION, {"faces": ("f",)}, "name no Faces"),
        (
            "",
            Ground.FIRST_IDENTIFICATION,
            {"attested": ("UNKNOWN_SUSPECT",)},
            "FOOTAGE_OF_OFFENCE is missing",
        ),
        ("", Ground.FIRST_IDENTIFICATION, {"purpose": "missing-person"}, "no first identification"),
    ],
)
def test_what_the_rules_do_not_allow_is_refused(
    profiles: str, basis: Ground, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidParameterException, match=message):
        asked(profiles, basis, **changes)


def test_what_other_rules_allow_is_not_refused() -> None:
    asked("us-wa", Ground.COURT_ORDER, purpose="missing-person")
    asked("eu", Ground.WARRANT, **CAMERA, faces=("f",))
