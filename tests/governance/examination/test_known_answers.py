"""Sheets whose answer is known are hidden among the others, and measure who reviews."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.reviewing import ReviewOffice

from regard.caller import Caller
from regard.errors import AccessDeniedException, InvalidParameterException


@pytest.fixture
def known(empty_office: ReviewOffice, portrait: Path, other_portrait: Path) -> ReviewOffice:
    """An office with one sheet whose answer is known: a pair of one person, and one of two."""
    empty_office.call(
        "create_known_answer",
        Probe=portrait.read_bytes(),
        Same=[portrait.read_bytes()],
        Different=[other_portrait.read_bytes()],
    )
    return empty_office


def test_a_sheet_whose_answer_is_known_can_t_be_told_from_another(
    known: ReviewOffice, portrait: Path, other_portrait: Path
) -> None:
    hidden = answered(known, known.reviewer("rita"))
    known.gallery(portrait, portrait)
    known.rate("rita", 0)
    known.search(portrait)
    assert shape(answered(known, known.reviewer("rita"))) == shape(hidden)


def answered(office: ReviewOffice, who: Caller) -> list[dict[str, Any]]:
    taken = office.call("take_review", who)
    sheet = office.call("get_review_sheet", who, ReviewId=taken["ReviewId"])
    return [taken, sheet]


def shape(answers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in one.items() if name != "ReviewId"} for one in answers]


def test_the_answer_is_told_after_the_rating(known: ReviewOffice) -> None:
    answer = known.rate("rita", 0)
    assert answer["IsKnownAnswer"]
    assert sorted(one["IsSamePerson"] for one in answer["Rated"]) == [False, True]


def test_errors_are_measured_for_each_reviewer(known: ReviewOffice) -> None:
    known.rate("rita", 3)  # takes everybody for the same
    known.rate("rolf", -3)  # and nobody
    found = {one["PersonId"]: one for one in known.call("list_proficiency")["Proficiency"]}
    rita, rolf = (found[str(known.reviewer(name).person_id)] for name in ("rita", "rolf"))
    assert (rita["Missed"], rita["Mistaken"]) == (0, 1)
    assert (rolf["Missed"], rolf["Mistaken"]) == (1, 0)


def test_reviewers_are_told_their_own_errors_alone(known: ReviewOffice) -> None:
    known.rate("rita", 3)
    known.rate("rolf", 3)
    [own] = known.call("list_proficiency", known.reviewer("rita"))["Proficiency"]
    assert own["PersonId"] == known.reviewer("rita").person_id


def test_a_sheet_whose_answer_is_known_is_no_review_of_a_case(known: ReviewOffice) -> None:
    sheet = known.rate("rita", 3)["ReviewId"]
    listed = known.call("list_reviews", known.approver())["Reviews"]
    assert sheet not in [review["ReviewId"] for review in listed]


def test_a_picture_without_a_face_is_no_known_answer(
    empty_office: ReviewOffice, portrait: Path, texture: Path
) -> None:
    with pytest.raises(InvalidParameterException, match="no face"):
        empty_office.call("create_known_answer", Probe=texture.read_bytes(), Same=[portrait.read_bytes()])


def test_a_reviewer_makes_no_known_answers(empty_office: ReviewOffice, portrait: Path) -> None:
    with pytest.raises(AccessDeniedException, match="not authorized"):
        empty_office.call("create_known_answer", empty_office.reviewer("rita"), Probe=portrait.read_bytes())
