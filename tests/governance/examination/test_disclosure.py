"""The packet of a case holds what court and defence are to know, and proves itself."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.reviewing import ReviewOffice

from regard.caller import LOCAL
from regard.errors import AccessDeniedException, ResourceNotFoundException
from regard.governance.proof.receipts import Receipt
from regard.presentation.pages import render


def packet(office: ReviewOffice, by: str = "anna") -> Any:
    """What an approver is answered who asks for the packet of the office's case."""
    return office.call("get_disclosure", office.approver(by), CaseId=office.case_id)


@pytest.fixture
def disclosed(office: ReviewOffice, portrait: Path) -> Any:
    """The packet of a case with a lead that has a witness."""
    review, number = office.lead(portrait)
    office.evidence(review, number)
    return packet(office)


def test_every_candidate_is_told_with_rank_similarity_and_ratings(disclosed: Any) -> None:
    [search] = json.loads(disclosed["Document"])["searches"]
    assert search["gallery"]["size"] == 2
    assert search["threshold"] == 99.0
    assert re.fullmatch("[0-9a-f]{64}", search["probe"]["sha256"])
    [candidate] = search["candidates"]
    assert candidate["rank"] == 1
    assert candidate["similarity"] > 99
    assert [rating["value"] for rating in candidate["ratings"]] == [3, 2]
    assert candidate["evidence"][0]["kind"] == "WITNESS"


def test_who_searched_and_judged_is_told_with_their_training(disclosed: Any) -> None:
    people = {one["name"].split("-")[0]: one for one in json.loads(disclosed["Document"])["people"]}
    assert people.keys() >= {"ines", "rita", "rolf"}
    assert people["ines"]["training"][0]["kind"] == "search"
    assert people["rita"]["training"][0]["kind"] == "review"


def test_the_pictures_that_were_compared_are_in_it(disclosed: Any) -> None:
    [search] = json.loads(disclosed["Document"])["searches"]
    named = {search["probe"]["picture"], *(one["picture"] for one in search["candidates"])}
    pictures = {one["Name"]: one["Bytes"] for one in disclosed["Pictures"]}
    assert pictures.keys() == named
    assert all(Image.open(io.BytesIO(picture)).format == "JPEG" for picture in pictures.values())


def test_its_records_are_receipts_that_hold_without_the_log(disclosed: Any) -> None:
    records = json.loads(disclosed["Document"])["records"]
    for one in records:
        Receipt(**{**one, "path": tuple(one["path"])}).check()
    operations = {json.loads(one["record"])["operation"] for one in records}
    assert operations >= {"CreateCase", "SearchFacesByImage", "PutRatings", "AddEvidence"}


def test_the_error_rates_of_the_model_that_searched_are_told(disclosed: Any) -> None:
    document = json.loads(disclosed["Document"])
    [search] = document["searches"]
    card = document["error_rates"][search["gallery"]["face_model"]]
    assert any(rate["threshold"] == 99.0 for rate in card["rates"])
    assert card["groups"]


def test_nobody_learns_by_it_whom_people_have_not_judged(office: ReviewOffice, portrait: Path) -> None:
    faces = office.call("list_faces", office.otto, CollectionId="wanted")["Faces"]
    review = office.review_of(office.search(portrait))
    office.rate("rita", 3)
    ines = office.verified(office.name("ines"), office.ines)
    disclosed = office.call("get_disclosure", ines, CaseId=office.case_id)
    document = json.loads(disclosed["Document"])
    [search] = document["searches"]
    for one in search["candidates"]:
        hidden = (one["rank"], one["similarity"], one["subject"], one["picture"], one["ratings"])
        assert hidden == (None, None, None, None, [])
    assert document["withheld_until_decided"] == [review]
    assert not [one for one in faces if one["FaceId"] in disclosed["Document"]]
    assert [one["Name"] for one in disclosed["Pictures"]] == [search["probe"]["picture"]]
    assert "PutRatings" not in disclosed["Document"]
    page = render("disclosure.html", title="a case", packet=document)
    assert "not told before people have judged" in page


@pytest.mark.parametrize("other", ["auditor", "approver", "operator"])
def test_who_may_rate_reads_neither_packets_nor_records(
    office: ReviewOffice, portrait: Path, other: str
) -> None:
    office.search(portrait)
    office.person("both", "reviewer", other, trained="review")
    both = office.verified(office.name("both"), office.key("both", other))
    operations = [("list_audit_records", {}), ("get_audit_receipt", {"Record": "1"})]
    if other != "operator":
        operations.append(("get_disclosure", {"CaseId": office.case_id}))
    if other == "approver":
        operations = operations[2:]
    for operation, params in operations:
        with pytest.raises(AccessDeniedException, match="doesn't read audit records"):
            office.call(operation, both, **params)


def test_nothing_of_another_case_is_in_it(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    first, office.case_id = office.case_id, office.case(office.ines)
    office.search(portrait)
    document = json.loads(packet(office)["Document"])
    assert len(document["searches"]) == 1
    assert first not in json.dumps(document["records"])


def test_a_key_alone_discloses_nothing(office: ReviewOffice) -> None:
    with pytest.raises(AccessDeniedException, match="open a session"):
        office.call("get_disclosure", office.key("anna", "approver"), CaseId=office.case_id)


def test_the_folder_s_owner_discloses_nothing_in_nobody_s_name(office: ReviewOffice) -> None:
    with pytest.raises(AccessDeniedException, match="takes a person"):
        office.call("get_disclosure", LOCAL, CaseId=office.case_id)


def test_a_case_of_others_is_not_disclosed(office: ReviewOffice) -> None:
    with pytest.raises(ResourceNotFoundException):
        office.call("get_disclosure", office.reviewer("rosa"), CaseId=office.case_id)


def test_its_page_shows_what_people_wrote_as_text(disclosed: Any) -> None:
    document = json.loads(disclosed["Document"])
    document["case"]["justification"] = "<script>alert(1)</script>"
    page = render("disclosure.html", title="a case", packet=document)
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert all(one["person"] in page for one in document["people"])
