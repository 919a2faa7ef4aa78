"""What a search has come to: for who searched, and for who decides on it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.console.casework.conftest import Browse, grow_old
from tests.reviewing import ReviewOffice


@pytest.mark.usefixtures("gallery")
def test_nobody_is_named_while_it_waits_and_a_lead_is_afterwards(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review = office.review_of(office.search(portrait))
    ines, page = browse("ines"), f"/console/reviews/{review}"
    before = ines.get(page).text
    assert "Nobody is named until two trained people have compared them." in before
    assert 'hx-trigger="every 5s"' in before
    assert portrait.stem not in before
    assert ines.get(f"{page}/pictures/1").status_code == 404
    office.rate("rita", 3)
    office.rate("rolf", 2)
    after = ines.get(page).text
    assert "An investigative lead, not an identification." in after
    assert f"1-{portrait.stem}" in after
    assert "a million pairs of different people" in after
    assert "every 5s" not in after
    for number in (0, 1):
        assert ines.get(f"{page}/pictures/{number}").headers["content-type"] == "image/jpeg"


@pytest.mark.usefixtures("gallery")
def test_a_lead_is_confirmed_by_evidence_and_an_approver_alone(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review, number = office.lead(portrait)
    item = office.evidence(review, number)
    page = f"/console/reviews/{review}"
    form = {"number": str(number), "evidence": item, "reason": "The neighbour has known him for years."}
    assert browse("ines").post(page, act="confirm", **form).status_code == 403
    assert browse("anna").post(page, act="confirm", **{**form, "evidence": []}).status_code == 422
    anna = browse("anna")
    grow_old(office)
    assert "Confirm the lead" not in anna.get(page).text
    assert f"/console/verify?next={page}" in anna.get(page).text
    assert anna.post(page, act="confirm", **form).headers["location"].startswith("/console/verify?next=")
    assert browse("anna").post(page, act="confirm", **form).status_code == 303
    assert office.status(review) == "CONFIRMED"


@pytest.mark.usefixtures("gallery")
def test_a_dispute_is_decided_by_another_approver(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review, number = office.lead(portrait)
    page, form = f"/console/reviews/{review}", {"number": str(number), "reason": "His alibi holds."}
    assert browse("ines").post(page, act="dispute", **form).status_code == 303
    decided = {**form, "outcome": "WRONG", "consequence": "STOP", "told": ["PERSON", "DEFENCE"]}
    assert browse("anna").post(page, act="resolve", **decided).status_code == 303
    assert office.status(review) == "WRONG"
    after = browse("ines").get(page).text
    assert "a false match" in after
    assert f"1-{portrait.stem}" not in after


@pytest.mark.usefixtures("gallery")
def test_a_review_is_withdrawn_by_the_case_and_opened_again_by_an_approver(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    page, form = f"/console/reviews/{review}", {"reason": "A new picture."}
    assert browse("ines").post(page, act="reopen", **form).status_code == 403
    assert browse("anna").post(page, act="reopen", **form).status_code == 303
    assert browse("anna").post(page, act="withdraw", **form).status_code == 403
    assert browse("ines").post(page, act="withdraw", **form).status_code == 303
    assert "Withdrawn" in browse("ines").get(page).text


@pytest.mark.usefixtures("gallery")
def test_a_candidate_that_is_no_number_is_asked_for_again(
    office: ReviewOffice, browse: Browse, portrait: Path
) -> None:
    review, _ = office.lead(portrait)
    page = f"/console/reviews/{review}"
    assert browse("ines").post(page, act="dispute", number="x", reason="No.").status_code == 422
    assert browse("ines").get(f"{page}/pictures/x").status_code == 404
