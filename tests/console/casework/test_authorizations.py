"""Authorizations as they are asked for by investigators and decided on by approvers."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

from regard.governance.purpose import TAG
from tests.console.casework.conftest import Browse, grow_old
from tests.console.visiting import Visitor
from tests.reviewing import ReviewOffice

PAGE = "/console/authorizations"
DOCUMENT = b"The court orders."


def moment(hours: int) -> str:
    """A moment of so many hours from now, as a browser's field has it."""
    return f"{datetime.now(UTC) + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


def request(office: ReviewOffice, browser: Visitor, **changes: str) -> str:
    """Asks for a warrant on a video, and answers the address of the authorization."""
    office.call("create_collection", CollectionId="wanted", Tags={TAG: office.purpose})
    form = {
        "case": office.case_id,
        "basis": "warrant",
        "collection": "wanted",
        "videos": "evidence/yard.mp4\n",
        "until": moment(48),
        **changes,
    }
    asked = browser.post(PAGE, act="request", **form)
    assert asked.status_code == 303, asked.text
    return str(asked.headers["location"])


def document(**changes: str) -> dict[str, str]:
    return {"issuer": "District court", "number": "Gs 12/26", "issued": moment(-1), **changes}


def test_what_is_asked_for_is_approved_with_the_documents_digest_alone(
    office: ReviewOffice, browse: Browse
) -> None:
    page = request(office, browse("ines"))
    assert "Requested" in browse("anna").get(page).text
    files = {"document": ("order.pdf", DOCUMENT, "application/pdf")}
    assert browse("anna").post(page, act="approve", files=files, **document()).status_code == 303
    found = browse("ines").get(page, data=True).json()
    assert (found["State"], found["Digest"]) == ("ACTIVE", hashlib.sha256(DOCUMENT).hexdigest())
    shown = browse("ines").get(page).text
    assert "in 2 days" in shown
    assert "District court" in shown


def test_it_is_extended_by_another_and_revoked(office: ReviewOffice, browse: Browse) -> None:
    page, anna = request(office, browse("ines")), browse("anna")
    digest = "a" * 64
    anna.post(page, act="approve", **document(digest=digest))
    longer = anna.post(page, act="extend", **document(digest=digest, until=moment(72)))
    assert longer.status_code == 303, longer.text
    assert "Extended by another" in anna.get(page).text
    assert anna.post(longer.headers["location"], act="revoke", reason="Found.").status_code == 303
    assert "Revoked" in anna.get(longer.headers["location"]).text


def test_an_exigency_says_by_when_the_authority_must_be_asked_and_have_decided(
    office: ReviewOffice, browse: Browse
) -> None:
    ines, anna = browse("ines"), browse("anna")
    page = request(office, ines, basis="exigency", grounds="Shots were fired.", until=moment(24))
    assert "The authority must be asked by" in ines.get(page).text
    assert ines.post(page, act="submit", authority="The court on duty").status_code == 303
    assert "The decision must be entered by" in anna.get(page).text
    assert anna.post(page, act="ratify", **document(digest="b" * 64)).status_code == 303
    assert ines.get(page, data=True).json()["State"] == "ACTIVE"


def test_what_is_rejected_is_said_with_its_reason(office: ReviewOffice, browse: Browse) -> None:
    page = request(office, browse("ines"))
    assert browse("anna").post(page, act="reject", reason="Too broad.").status_code == 303
    shown = browse("ines").get(page).text
    assert "Rejected" in shown
    assert "Too broad." in shown


def test_what_is_missing_is_asked_for_again_with_what_was_filled_in(
    office: ReviewOffice, browse: Browse
) -> None:
    page = request(office, browse("ines"))
    answer = browse("anna").post(page, act="approve", **document())
    assert (answer.status_code, "or its SHA-256" in answer.text) == (422, True)
    assert "District court" in answer.text
    wrong = browse("anna").post(page, act="approve", **document(digest="a" * 64, issued="yesterday"))
    assert (wrong.status_code, "Write a date and time" in wrong.text) == (422, True)
    empty = browse("ines").post(
        PAGE, act="request", case=office.case_id, basis="warrant", collection="wanted"
    )
    assert empty.status_code == 422


def test_an_approver_asks_for_none_and_an_investigator_decides_on_none(
    office: ReviewOffice, browse: Browse
) -> None:
    page = request(office, browse("ines"))
    form = {"case": office.case_id, "basis": "warrant", "collection": "wanted", "videos": "evidence/a.mp4"}
    assert browse("anna").post(PAGE, act="request", **form, until=moment(9)).status_code == 403
    for act in ("approve", "reject", "revoke", "extend", "ratify"):
        answer = browse("ines").post(page, act=act, **document(digest="a" * 64, reason="x", until=moment(9)))
        assert answer.status_code == 403, act
    assert browse("anna").post(page, act="submit", authority="x").status_code == 403


def test_who_must_show_themself_first_is_led_there_before_a_form_is_filled_in(
    office: ReviewOffice, browse: Browse
) -> None:
    page, anna = request(office, browse("ines")), browse("anna")
    assert "/console/verify" not in anna.get(page).text
    grow_old(office)
    shown = anna.get(page).text
    assert "/console/verify?next=/console/authorizations/A-" in shown
    assert 'value="approve"' not in shown


def test_the_list_is_of_one_case_where_the_query_names_it(office: ReviewOffice, browse: Browse) -> None:
    page = request(office, browse("ines"))
    other = office.case(office.ines)
    assert page in browse("anna").get(PAGE).text
    assert page in browse("anna").get(f"{PAGE}?case={office.case_id}").text
    assert page not in browse("anna").get(f"{PAGE}?case={other}").text
