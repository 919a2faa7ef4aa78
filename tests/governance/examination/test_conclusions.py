"""A lead is no proof: it is confirmed by evidence and another person, or disputed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.reviewing import ReviewOffice

from regard.errors import (
    AccessDeniedException,
    ConflictException,
    InvalidParameterException,
    ResourceNotFoundException,
)


def confirm(office: ReviewOffice, review: str, *evidence: str, by: str = "anna") -> str:
    answer = office.call(
        "confirm_candidate",
        office.approver(by),
        ReviewId=review,
        Number=1,
        EvidenceIds=list(evidence),
        Reason="The neighbour knows him.",
    )
    return str(answer["Status"])


def dispute(office: ReviewOffice, review: str) -> None:
    office.call("dispute_candidate", office.ines, ReviewId=review, Number=1, Reason="He was abroad.")


def resolve(office: ReviewOffice, review: str, outcome: str, by: str = "anna", **more: Any) -> None:
    office.call(
        "resolve_dispute",
        office.approver(by),
        ReviewId=review,
        Number=1,
        Outcome=outcome,
        Reason="The probe was blurred.",
        **more,
    )


def test_a_lead_is_confirmed_by_independent_evidence_and_a_third_person(
    office: ReviewOffice, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    assert confirm(office, review, office.evidence(review, 1)) == "CONFIRMED"
    record = office.last_record()
    assert record["facts"]["EvidenceIds"]
    [match] = office.search(portrait).body["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "1-astronaut"


def test_evidence_that_comes_from_the_search_confirms_nothing(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    with pytest.raises(InvalidParameterException, match="independent of the search"):
        confirm(office, review, office.evidence(review, 1, Independent=False))


def test_a_line_up_alone_confirms_nothing(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    with pytest.raises(ConflictException, match="a lead alone is no ground for one"):
        office.evidence(review, 1, Kind="LINEUP")
    office.evidence(review, 1)
    lineup = office.evidence(review, 1, Kind="LINEUP")
    with pytest.raises(InvalidParameterException, match="no line-up"):
        confirm(office, review, lineup)


def test_evidence_about_another_candidate_confirms_nothing(office: ReviewOffice, portrait: Path) -> None:
    office.enrol(portrait, "again")
    review, _ = office.lead(portrait)
    with pytest.raises(ResourceNotFoundException, match="about candidate 1"):
        confirm(office, review, office.evidence(review, 2))


def test_a_candidate_that_is_no_lead_is_not_confirmed(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    with pytest.raises(ConflictException, match="no lead"):
        office.evidence(review, 1)
    with pytest.raises(ConflictException, match="no LEAD"):
        confirm(office, review, "E-2026-000001")


def test_who_rated_does_not_confirm(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    item = office.evidence(review, 1)
    office.call("set_roles", PersonId=office.name("rita"), Roles=["reviewer", "approver"])
    rita = office.verified(office.name("rita"), office.key("rita", "approver"))
    with pytest.raises(AccessDeniedException, match="somebody else does"):
        office.call("confirm_candidate", rita, ReviewId=review, Number=1, EvidenceIds=[item], Reason="it is")


def test_who_searched_does_not_confirm(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    item = office.evidence(review, 1)
    office.call("set_roles", PersonId=office.name("ines"), Roles=["investigator", "approver"])
    ines = office.verified(office.name("ines"), office.key("ines", "approver"))
    with pytest.raises(AccessDeniedException, match="somebody else does"):
        office.call("confirm_candidate", ines, ReviewId=review, Number=1, EvidenceIds=[item], Reason="it is")


def test_a_key_confirms_nothing(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    item = office.evidence(review, 1)
    with pytest.raises(AccessDeniedException, match="This takes the person"):
        office.call(
            "confirm_candidate",
            office.key("anna", "approver"),
            ReviewId=review,
            Number=1,
            EvidenceIds=[item],
            Reason="it is",
        )


def test_a_disputed_lead_that_was_wrong_is_in_the_register_and_shown_no_more(
    office: ReviewOffice, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    before = wrong_leads(office)
    resolve(office, review, "WRONG", Consequence="STOP")
    assert office.status(review) == "WRONG"
    assert wrong_leads(office) == before + 1
    assert office.search(portrait).body["FaceMatches"] == []


def wrong_leads(office: ReviewOffice) -> int:
    return len(office.call("list_false_matches", office.approver("axel"))["FalseMatches"])


def test_the_register_tells_nobody(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    resolve(office, review, "WRONG", Consequence="NONE")
    *_, newest = office.call("list_false_matches", office.approver("axel"))["FalseMatches"]
    assert newest.keys() == {
        *("CollectionId", "FaceModelVersion", "GallerySize", "Similarity", "ProbeQuality", "Cause"),
        *("Consequence", "Told", "Groups", "Found"),
    }


def test_the_report_of_wrong_leads_says_how_they_came_about_and_what_they_led_to(
    office: ReviewOffice, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    groups = [{"Attribute": "GENDER", "Group": "women"}, {"Attribute": "RACE", "Group": "not said"}]
    resolve(office, review, "WRONG", Consequence="ARREST", Told=["COURT", "PERSON"], Groups=groups)
    report = json.loads(
        office.call("get_report", Name="false-matches", Year=datetime.now(UTC).year)["Report"]
    )
    tables = {one["title"]: one["rows"] for one in report["sections"]}
    *_, [found, model, gallery, similarity, quality, _cause, consequence, told] = tables["Wrong leads"]
    assert (consequence, told) == ("an arrest", "person, court")
    assert (found[:2], gallery, similarity[-2:]) == ("20", "2", " %")
    assert model
    assert [0 < float(one) <= 100 for one in quality.split(", ")] == [True, True]
    assert ["women", "1", "100.0 %", "2.5 to 100.0 %"] in tables["By gender"]


def test_groups_are_in_the_register_and_not_in_the_log(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    groups = [{"Attribute": "RACE", "Group": "a group of people"}]
    resolve(office, review, "WRONG", Consequence="NONE", Told=["DEFENCE"], Groups=groups)
    written = json.dumps(office.last_record())
    assert "DEFENCE" in written
    assert "a group of people" not in written


def test_a_lead_that_is_upheld_has_no_groups(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    with pytest.raises(InvalidParameterException, match="Told and Groups"):
        resolve(office, review, "UPHELD", Told=["PERSON"])


def test_a_disputed_lead_may_be_upheld(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    resolve(office, review, "UPHELD")
    assert office.status(review) == "UPHELD"
    assert len(office.search(portrait).body["FaceMatches"]) == 1


def test_who_confirmed_does_not_resolve_the_dispute(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    confirm(office, review, office.evidence(review, 1))
    dispute(office, review)
    with pytest.raises(InvalidParameterException, match="another approver does"):
        resolve(office, review, "UPHELD")
    resolve(office, review, "UPHELD", by="axel")


def test_only_a_wrong_lead_has_a_consequence(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    dispute(office, review)
    with pytest.raises(InvalidParameterException, match="Consequence"):
        resolve(office, review, "WRONG")


def test_what_is_not_disputed_is_not_resolved(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    with pytest.raises(ConflictException, match="not DISPUTED"):
        resolve(office, review, "UPHELD")


def test_too_many_wrong_leads_stop_the_searches_of_a_collection_until_an_approver_resumes_them(
    office: ReviewOffice, portrait: Path
) -> None:
    for again in ("a", "b"):
        office.enrol(portrait, again)
    review, _ = office.lead(portrait)
    for number in (1, 2, 3):
        about = {"ReviewId": review, "Number": number}
        office.call("dispute_candidate", office.ines, **about, Reason="He was abroad.")
        office.call(
            "resolve_dispute",
            office.approver(),
            **about,
            Outcome="WRONG",
            Reason="twins",
            Consequence="NONE",
        )
    with pytest.raises(AccessDeniedException, match="3 leads from the collection wanted were wrong"):
        office.search(portrait)
    office.call("resume_searches", office.approver(), CollectionId="wanted", Reason="threshold raised")
    office.search(portrait)
    with pytest.raises(ConflictException, match="aren't suspended"):
        office.call("resume_searches", office.approver(), CollectionId="wanted", Reason="again")


def test_the_evidence_of_a_case_is_listed_and_no_other_s(office: ReviewOffice, portrait: Path) -> None:
    review, number = office.lead(portrait)
    first, made = office.case_id, [office.evidence(review, number) for _ in range(2)]
    office.case_id = office.case(office.ines)
    other, number = office.lead(portrait)
    office.evidence(other, number)
    listed = office.call("list_evidence", office.ines, CaseId=first)["Evidence"]
    assert [(one["EvidenceId"], one["ReviewId"]) for one in listed] == [(one, review) for one in made]
    reviews = office.call("list_reviews", office.ines, CaseId=office.case_id)["Reviews"]
    assert [one["ReviewId"] for one in reviews] == [other]
