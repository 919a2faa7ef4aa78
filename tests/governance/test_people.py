"""People: their roles, their keys, their training, and the sessions in which they are there themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.responsible import Office

from regard.app import Parts
from regard.caller import Caller
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from regard.governance import sessions
from regard.governance.permissions import APART
from regard.governance.training import TOPICS

TRAINING = {"Kind": "search", "Course": "the first", "Topics": list(TOPICS)}
DAY = timedelta(days=1)


@pytest.fixture
def office(parts: Parts) -> Office:
    return Office(parts)


@pytest.fixture
def admin(office: Office) -> Caller:
    """An administrator who is there themself."""
    office.person("anna", "admin")
    return office.session("anna", "admin")


def minutes_later(monkeypatch: pytest.MonkeyPatch, minutes: float) -> None:
    now: Callable[[], int] = sessions.milliseconds
    monkeypatch.setattr(sessions, "milliseconds", lambda: now() + round(minutes * 60_000))


@pytest.mark.parametrize("roles", APART, ids=" and ".join)
def test_nobody_holds_two_roles_that_are_apart(office: Office, roles: tuple[str, str]) -> None:
    with pytest.raises(InvalidParameterException, match=f"Nobody may be {roles[0]} and {roles[1]}"):
        office.person("nina", *roles)


def test_two_people_never_have_the_same_name(office: Office) -> None:
    office.person("nina", "reviewer")
    with pytest.raises(ResourceAlreadyExistsException):
        office.person("nina", "auditor")


def test_an_administrator_gives_others_roles_and_nobody_gives_them_to_themself(
    office: Office, admin: Caller
) -> None:
    office.person("nina", "reviewer")
    assert office.call("set_roles", admin, PersonId="nina", Roles=["auditor"])["Roles"] == ["auditor"]
    with pytest.raises(AccessDeniedException, match="ask another administrator"):
        office.call("set_roles", admin, PersonId="anna", Roles=["admin", "operator"])


def test_a_key_alone_makes_nobody(office: Office, admin: Caller) -> None:
    script = office.key("anna", "admin")
    with pytest.raises(AccessDeniedException, match="open a session"):
        office.call("create_person", script, Name="nina", Roles=["reviewer"])
    unowned = office.holder(office.call("create_key", Name="script", Role="admin")["KeyId"])
    with pytest.raises(AccessDeniedException, match="This takes a person"):
        office.call("create_person", unowned, Name="nina", Roles=["reviewer"])


def test_a_session_whose_code_is_old_decides_nothing(
    office: Office, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    minutes_later(monkeypatch, 15.1)
    with pytest.raises(AccessDeniedException, match="older than 15 minutes"):
        office.call("create_person", admin, Name="nina", Roles=["reviewer"])


def test_a_session_is_over_after_eight_hours(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.person("nina", "reviewer")
    key = office.key("nina", "reviewer")
    token = office.call("open_session", key, Code=office.code("nina", key))["SessionToken"]
    minutes_later(monkeypatch, 8 * 60 + 1)
    with pytest.raises(AccessDeniedException, match="The session is over"):
        office.parts.stores.accountability.sessions.caller(token, key)


def test_a_session_is_good_with_its_own_key_alone(office: Office) -> None:
    office.person("nina", "reviewer")
    key, other = office.key("nina", "reviewer"), office.key("nina", "reviewer")
    token = office.call("open_session", key, Code=office.code("nina", key))["SessionToken"]
    with pytest.raises(AccessDeniedException, match="The session is over"):
        office.parts.stores.accountability.sessions.caller(token, other)


def test_suspending_somebody_ends_their_sessions(office: Office) -> None:
    office.person("nina", "reviewer")
    key = office.key("nina", "reviewer")
    token = office.call("open_session", key, Code=office.code("nina", key))["SessionToken"]
    office.call("suspend_person", PersonId="nina")
    office.call("resume_person", PersonId="nina")
    with pytest.raises(AccessDeniedException, match="The session is over"):
        office.parts.stores.accountability.sessions.caller(token, key)


def test_a_person_s_key_opens_no_session_of_another(office: Office) -> None:
    office.person("nina", "reviewer")
    office.person("rolf", "reviewer")
    key = office.key("nina", "reviewer")
    code = office.code("rolf", office.key("rolf", "reviewer"))
    with pytest.raises(AccessDeniedException, match="acts for that person alone"):
        office.call("open_session", key, PersonId="rolf", Code=code)
    with pytest.raises(AccessDeniedException, match="no second factor|The code is wrong"):
        office.call("open_session", key, Code=code)


def test_a_key_is_made_in_a_role_that_its_person_holds(office: Office) -> None:
    office.person("nina", "reviewer")
    with pytest.raises(InvalidParameterException, match="nina is not investigator, but reviewer"):
        office.key("nina", "investigator")


def test_an_operator_makes_nobody_s_key(office: Office) -> None:
    office.person("nina", "reviewer")
    operator = office.holder(office.call("create_key", Name="o", Role="operator")["KeyId"])
    with pytest.raises(AccessDeniedException, match="Only who manages people"):
        office.call("create_key", operator, Name="k", Role="reviewer", Person="nina")


def test_somebody_s_key_is_made_by_an_administrator_who_is_there(office: Office, admin: Caller) -> None:
    office.person("nina", "reviewer")
    stolen = office.holder(office.call("create_key", Name="a", Role="admin")["KeyId"])
    with pytest.raises(AccessDeniedException, match="This takes a person"):
        office.call("create_key", stolen, Name="k", Role="reviewer", Person="nina")
    with pytest.raises(AccessDeniedException, match="not a key alone"):
        office.call("create_key", replace(admin, verified=None), Name="k", Role="reviewer", Person="nina")
    office.call("create_key", admin, Name="k", Role="reviewer", Person="nina")


def test_nobody_is_named_as_somebody_else_s_id(office: Office) -> None:
    nina = office.person("nina", "reviewer")
    for name in (nina, "p-2026-000009"):
        with pytest.raises(InvalidParameterException, match="is what people's ids are like"):
            office.person(name, "reviewer")


def test_a_training_is_recorded_by_somebody_else(office: Office, admin: Caller) -> None:
    with pytest.raises(AccessDeniedException, match="Nobody can record a training of themself"):
        office.call("record_training", admin, PersonId="anna", Completed=datetime.now(UTC), **TRAINING)


def test_a_training_covers_all_three_topics(office: Office) -> None:
    office.person("ines", "investigator")
    with pytest.raises(InvalidParameterException, match="HUMAN_REVIEW is missing"):
        record(office, Topics=["LIMITATIONS", "INTERPRETATION"])


def test_a_training_is_not_recorded_before_its_end(office: Office) -> None:
    office.person("ines", "investigator")
    with pytest.raises(InvalidParameterException, match="lies in the future"):
        record(office, Completed=datetime.now(UTC) + DAY)


def test_a_clock_that_runs_a_second_ahead_of_the_server_keeps_no_training_out(office: Office) -> None:
    office.person("ines", "investigator")
    record(office, Completed=datetime.now(UTC) + timedelta(seconds=1))


def test_a_training_lasts_from_its_end_for_as_long_as_the_rules_say(office: Office) -> None:
    office.person("ines", "investigator")
    ended = datetime.now(UTC) - 100 * DAY
    made = record(office, Completed=ended, Until=ended + 9999 * DAY)
    assert (made["Until"] - made["Completed"]).days == 365


def test_a_training_that_is_over_is_not_recorded(office: Office) -> None:
    office.person("ines", "investigator")
    with pytest.raises(InvalidParameterException, match="that one is over"):
        record(office, Completed=datetime.now(UTC) - 366 * DAY)


def test_a_person_that_there_is_not_is_not_found(office: Office) -> None:
    with pytest.raises(ResourceNotFoundException, match="There is no person ines"):
        record(office)


def record(office: Office, **changes: Any) -> Any:
    request = {"PersonId": "ines", "Completed": datetime.now(UTC), **TRAINING, **changes}
    return office.call("record_training", **request)
