"""Cases as investigators and approvers see them, and what each may do there."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from regard.console.pages import cases
from regard.governance.cases import ATTESTATIONS
from tests.console.casework.conftest import Browse
from tests.reviewing import ReviewOffice

FORM = {
    "purpose": "law-enforcement",
    "reference": "2026/<b>4712</b>",
    "offence": "burglary",
    "basis": "Criminal Procedure, section 100",
    "justification": "The burglar was filmed.",
    "attested": list(ATTESTATIONS),
    "edits": "cropped\n\nbrightened",
}


def test_a_case_is_opened_and_shown_with_what_was_said_of_it(browse: Browse) -> None:
    ines = browse("ines")
    opened = ines.post("/console/cases", act="open", **FORM)
    assert opened.status_code == 303
    page = ines.get(opened.headers["location"])
    assert "2026/&lt;b&gt;4712" in page.text
    assert "cropped; brightened" in page.text
    data = ines.get(opened.headers["location"], data=True).json()
    assert (data["Offence"], data["Edits"]) == ("burglary", ["cropped", "brightened"])


def test_what_makes_no_case_is_asked_for_again_with_what_was_said(browse: Browse) -> None:
    answer = browse("ines").post("/console/cases", act="open", **{**FORM, "attested": ["NO_SKETCH"]})
    assert answer.status_code == 422
    assert "is missing" in answer.text
    assert "The burglar was filmed." in answer.text


def test_whoever_opened_a_case_for_a_query_goes_back_to_it(browse: Browse) -> None:
    opened = browse("ines").post("/console/cases", act="open", **FORM, next="/console/query")
    assert opened.headers["location"].startswith("/console/query?case=C-")


@pytest.mark.usefixtures("gallery")
def test_evidence_is_added_to_a_lead_and_to_nothing_else(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review, number = office.lead(portrait)
    ines, case = browse("ines"), f"/console/cases/{office.case_id}"
    item = {"kind": "WITNESS", "description": "A neighbour knew him.", "independent": "yes"}
    assert ines.post(case, act="evidence", lead="", **item).status_code == 422
    assert ines.post(case, act="evidence", lead=f"{review}:{number}", **item).status_code == 303
    page = ines.get(case).text
    assert "A neighbour knew him." in page
    assert "independent of the search" in page


@pytest.mark.slow
@pytest.mark.usefixtures("gallery")
def test_the_packet_is_a_zip_that_needs_no_server(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    office.lead(portrait)
    answer = browse("anna").get(f"/console/cases/{office.case_id}/packet")
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {"disclosure.html", "disclosure.json"} <= set(names)
    assert any(name.startswith("pictures/") for name in names)


def test_a_case_is_closed_with_a_reason_by_who_works_on_it_alone(
    office: ReviewOffice, browse: Browse
) -> None:
    case = f"/console/cases/{office.case_id}"
    assert browse("anna").post(case, act="close", reason="no").status_code == 403
    assert browse("ines").post(case, act="close", reason="He was found.").status_code == 303
    page = browse("anna").get(case).text
    assert "He was found." in page
    assert "Close the case" not in page


def test_nobody_but_who_judges_or_works_on_it_sees_a_case(office: ReviewOffice, browse: Browse) -> None:
    office.person("irma", "investigator")
    assert office.case_id not in browse("irma").get("/console/cases").text
    assert browse("irma").get(f"/console/cases/{office.case_id}").status_code == 404
    assert browse("anna").get(f"/console/cases/{office.case_id}").status_code == 200


def test_the_list_goes_on_where_it_stopped(
    office: ReviewOffice, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cases, "_SHOWN", 2)
    for _ in range(2):
        office.case(office.ines)
    ines = browse("ines")
    first = ines.get("/console/cases", data=True).json()
    assert len(first["Cases"]) == 2
    rest = ines.get(f"/console/cases?token={first['NextToken']}", data=True).json()
    assert {one["CaseId"] for one in rest["Cases"]}.isdisjoint(one["CaseId"] for one in first["Cases"])
