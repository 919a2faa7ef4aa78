"""Under strict purposes somebody answers for each search, in the role it takes, trained, on an open case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.responsible import Office

from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.governance.purpose import TAG

Search = Callable[..., Any]


@pytest.fixture
def office(parts: Parts) -> Office:
    return Office(parts)


@pytest.fixture
def investigator(office: Office) -> Caller:
    office.person("ines", "investigator", trained="search")
    return office.key("ines", "investigator")


@pytest.fixture
def gallery(office: Office, portrait: Path) -> str:
    """A strict collection with one face in it."""
    office.person("otto", "operator")
    office.call("create_collection", CollectionId="wanted", Tags={TAG: "law-enforcement"})
    office.call(
        "index_faces",
        office.key("otto", "operator"),
        CollectionId="wanted",
        Image={"Bytes": portrait.read_bytes()},
    )
    return "wanted"


@pytest.fixture
def search(office: Office, gallery: str, portrait: Path) -> Search:
    def run(caller: Caller, case: str | None) -> Any:
        return office.call(
            "search_faces_by_image",
            caller,
            case,
            CollectionId=gallery,
            Image={"Bytes": portrait.read_bytes()},
        )

    return run


def test_a_trained_investigator_searches_on_an_open_case(
    office: Office, search: Search, investigator: Caller
) -> None:
    case = office.case(investigator)
    search(investigator, case)
    *_, record = office.parts.audit.export()
    assert (record["case"], record["person"], record["outcome"]) == (case, investigator.person_id, "ok")


def test_the_owner_of_the_data_folder_is_nobody_who_answers_for_a_search(search: Search) -> None:
    with pytest.raises(AccessDeniedException, match="call with a person's key"):
        search(LOCAL, None)


def test_a_key_that_is_nobodys_neither_enrols_nor_searches(
    office: Office, search: Search, gallery: str, portrait: Path
) -> None:
    made = office.call("create_key", Name="script", Role="operator")
    script = office.holder(made["KeyId"])
    with pytest.raises(AccessDeniedException, match="call with a person's key"):
        search(script, "C-2026-000001")
    with pytest.raises(AccessDeniedException, match="call with a person's key"):
        office.call("index_faces", script, CollectionId=gallery, Image={"Bytes": portrait.read_bytes()})


def test_who_enrols_does_not_search_and_who_searches_does_not_enrol(
    office: Office, search: Search, gallery: str, investigator: Caller, portrait: Path
) -> None:
    with pytest.raises(AccessDeniedException, match="it takes the role investigator to search faces"):
        search(office.key("otto", "operator"), None)
    with pytest.raises(AccessDeniedException):
        office.call("index_faces", investigator, CollectionId=gallery, Image={"Bytes": portrait.read_bytes()})


def test_a_search_without_training_is_refused(office: Office, search: Search) -> None:
    office.person("ugo", "investigator")
    untrained = office.key("ugo", "investigator")
    with pytest.raises(AccessDeniedException, match="no valid training to search"):
        search(untrained, office.case(untrained))


def test_a_training_to_review_is_none_to_search(office: Office, search: Search) -> None:
    office.person("ugo", "investigator", trained="review")
    with pytest.raises(AccessDeniedException, match="no valid training to search"):
        search(office.key("ugo", "investigator"), None)


def test_a_search_without_a_case_is_refused(search: Search, investigator: Caller) -> None:
    with pytest.raises(AccessDeniedException, match="send its id in x-regard-case"):
        search(investigator, None)


def test_a_case_that_there_is_not_is_refused(search: Search, investigator: Caller) -> None:
    with pytest.raises(AccessDeniedException, match="There is no case C-1999-000001 that ines works on"):
        search(investigator, "C-1999-000001")


def test_the_case_of_others_is_as_good_as_none(office: Office, search: Search, investigator: Caller) -> None:
    office.person("olga", "investigator", trained="search")
    case = office.case(office.key("olga", "investigator"))
    with pytest.raises(AccessDeniedException, match="There is no case"):
        search(investigator, case)


def test_a_member_of_a_case_searches_on_it(office: Office, search: Search, investigator: Caller) -> None:
    office.person("olga", "investigator", trained="search")
    case = office.case(office.key("olga", "investigator"), Members=["ines"])
    search(investigator, case)


def test_who_judges_can_t_be_kept_from_it_as_a_member(office: Office, investigator: Caller) -> None:
    office.person("rita", "reviewer")
    with pytest.raises(InvalidParameterException, match="the members of a case are investigators"):
        office.case(investigator, Members=["rita"])


def test_nothing_is_searched_on_a_closed_case(office: Office, search: Search, investigator: Caller) -> None:
    case = office.case(investigator)
    office.call("close_case", investigator, CaseId=case, Reason="solved")
    with pytest.raises(AccessDeniedException, match="is closed"):
        search(investigator, case)


def test_a_case_of_another_purpose_does_not_fit(office: Office, search: Search, investigator: Caller) -> None:
    case = office.case(investigator, Purpose="missing-person")
    with pytest.raises(AccessDeniedException, match="is for the purpose missing-person"):
        search(investigator, case)


def test_a_key_for_a_case_searches_without_naming_it_and_on_no_other(
    office: Office, search: Search, investigator: Caller
) -> None:
    case, other = office.case(investigator), office.case(investigator)
    made = office.call("create_case_key", investigator, CaseId=case, Hours=12)
    for_case = office.holder(made["AccessKeyId"])
    search(for_case, None)
    with pytest.raises(AccessDeniedException, match=f"for the case {case} alone"):
        search(for_case, other)


@pytest.mark.parametrize(
    ("operation", "params"),
    [
        ("get_case", {}),
        ("close_case", {"Reason": "solved"}),
        ("create_case_key", {"Hours": 12}),
        ("list_evidence", {}),
    ],
)
def test_a_key_for_a_case_does_nothing_on_another_of_its_person(
    office: Office, investigator: Caller, operation: str, params: dict[str, Any]
) -> None:
    case, other = office.case(investigator), office.case(investigator)
    for_case = office.holder(
        office.call("create_case_key", investigator, CaseId=case, Hours=1)["AccessKeyId"]
    )
    with pytest.raises(AccessDeniedException, match=f"for the case {case} alone"):
        office.call(operation, for_case, CaseId=other, **params)
    assert [one["CaseId"] for one in office.call("list_cases", for_case)["Cases"]] == [case]


def test_a_key_for_a_case_does_not_prolong_itself(office: Office, investigator: Caller) -> None:
    case = office.case(investigator)
    for_case = office.holder(
        office.call("create_case_key", investigator, CaseId=case, Hours=12)["AccessKeyId"]
    )
    with pytest.raises(AccessDeniedException, match="makes no other"):
        office.call("create_case_key", for_case, CaseId=case, Hours=12)
    with pytest.raises(AccessDeniedException, match=f"for the case {case} alone"):
        office.case(for_case)


def test_a_key_for_a_case_ends_with_its_hours(office: Office, search: Search, investigator: Caller) -> None:
    made = office.call("create_case_key", investigator, CaseId=office.case(investigator), Hours=1)
    with pytest.raises(AccessDeniedException, match="The hours of the key"):
        search(replace(office.holder(made["AccessKeyId"]), expired=True), None)


def test_a_suspended_person_s_keys_stop(office: Office, search: Search, investigator: Caller) -> None:
    case = office.case(investigator)
    office.call("suspend_person", PersonId="ines")
    with pytest.raises(AccessDeniedException, match="is suspended"):
        search(office.holder(investigator.key_id), case)


def test_a_key_whose_person_lost_its_role_stops(office: Office, search: Search, investigator: Caller) -> None:
    case = office.case(investigator)
    office.call("set_roles", PersonId="ines", Roles=["auditor"])
    with pytest.raises(AccessDeniedException):
        search(office.holder(investigator.key_id), case)


def test_nobody_is_recognized_as_a_celebrity_under_a_strict_purpose(
    office: Office, investigator: Caller, portrait: Path
) -> None:
    strict = office.key("ines", "investigator", purpose="law-enforcement")
    with pytest.raises(AccessDeniedException, match="nobody is recognized as a celebrity"):
        office.call("recognize_celebrities", strict, Image={"Bytes": portrait.read_bytes()})


def test_two_faces_are_compared_on_a_case_alone_by_a_key_for_a_strict_purpose(
    office: Office, investigator: Caller, portrait: Path
) -> None:
    strict = office.key("ines", "investigator", purpose="law-enforcement")
    picture = {"Bytes": portrait.read_bytes()}
    with pytest.raises(AccessDeniedException, match="x-regard-case"):
        office.call("compare_faces", strict, SourceImage=picture, TargetImage=picture)


def test_a_strict_key_stays_strict_on_a_collection_for_access_control(
    office: Office, investigator: Caller, portrait: Path
) -> None:
    office.call("create_collection", CollectionId="doors", Tags={TAG: "access-control"})
    strict = office.key("ines", "investigator", purpose="missing-person")
    with pytest.raises(AccessDeniedException, match="Under the purpose missing-person"):
        office.call(
            "search_faces_by_image", strict, CollectionId="doors", Image={"Bytes": portrait.read_bytes()}
        )


def test_a_case_s_channel_is_its_people_s_to_name_and_to_see(office: Office) -> None:
    office.person("ina", "investigator")
    office.person("alma", "auditor")
    ina, alma = office.key("ina", "investigator"), office.key("alma", "auditor")
    url = "https://example.com/decided"
    case = office.case(ina, NotificationChannel=url)
    assert office.call("get_case", ina, CaseId=case)["NotificationChannel"] == url
    assert "NotificationChannel" not in office.call("get_case", alma, CaseId=case)
    with pytest.raises(InvalidParameterException, match="can't be used"):
        office.call("put_case_channel", ina, CaseId=case, NotificationChannel="ftp://example.com")
    office.person("olga", "investigator")
    with pytest.raises(ResourceNotFoundException):
        office.call("put_case_channel", office.key("olga", "investigator"), CaseId=case)
    assert "NotificationChannel" not in office.call("put_case_channel", ina, CaseId=case)
