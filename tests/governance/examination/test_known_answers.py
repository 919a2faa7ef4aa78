"""Sheets whose answer is known are hidden among the others, and measure who reviews."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select
from tests.reviewing import ReviewOffice

from regard.app import declared_operations
from regard.caller import Caller
from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.rules.replay import Replay
from regard.governance.rules.reviews import RULES
from regard.governance.rules.rule import LogRecord
from regard.storage.clock import milliseconds
from regard.storage.schema import proficiency, reviews


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


def mistakes(office: ReviewOffice, name: str, wrong: int, *, of: int) -> None:
    """Writes down how somebody did on as many known pairs."""
    person_id = office.reviewer(name).person_id
    known = select(reviews.c.row).where(reviews.c.case_id.is_(None))
    with office.parts.database.write() as connection:
        review = connection.execute(known).scalars().first()
        connection.execute(
            insert(proficiency).values(
                person_id=person_id,
                review=review,
                same=of,
                different=0,
                missed=wrong,
                mistaken=0,
                given=milliseconds(),
            )
        )


def test_who_errs_too_often_takes_no_sheet_before_a_new_training(known: ReviewOffice) -> None:
    rita = known.reviewer("rita")
    mistakes(known, "rita", 5, of=20)
    with pytest.raises(AccessDeniedException, match="rated 5 of 20 pairs wrongly .* more than 20 %"):
        known.call("take_review", rita)
    refused = known.last_record()
    assert (refused["outcome"], refused["error_limit"]) == ("AccessDeniedException", "20 % of 20")
    shown = {one["PersonId"]: one for one in known.call("list_proficiency")["Proficiency"]}
    assert (shown[rita.person_id]["WrongLately"], shown[rita.person_id]["IsBarred"]) == (5, True)
    known.train(known.name("rita"), "review")
    assert known.take("rita")
    shown = {one["PersonId"]: one for one in known.call("list_proficiency")["Proficiency"]}
    assert (shown[rita.person_id]["PairsLately"], shown[rita.person_id]["IsBarred"]) == (0, False)


def test_a_sheet_that_is_held_is_not_rated_by_who_errs_too_often(known: ReviewOffice) -> None:
    rita, review = known.reviewer("rita"), known.take("rita")
    mistakes(known, "rita", 20, of=20)
    with pytest.raises(AccessDeniedException, match="have a new training recorded"):
        known.call("get_review_sheet", rita, ReviewId=review)


@pytest.mark.parametrize(("wrong", "of"), [(4, 20), (19, 19)])
def test_a_few_mistakes_or_few_pairs_bar_nobody(known: ReviewOffice, wrong: int, of: int) -> None:
    mistakes(known, "rita", wrong, of=of)
    assert known.take("rita")


def test_the_log_alone_shows_who_rated_and_erred_too_often(known: ReviewOffice) -> None:
    known.rate("rita", 3)  # mistakes one of two pairs
    last = known.last_record()["sequence"]
    replay = Replay(declared_operations(), RULES)
    for record in known.parts.audit.export():
        said = record
        if record["sequence"] == last:
            rated = [*record["facts"]["Rated"], *[{"Value": 3, "IsSamePerson": False}] * 30]
            said = {**record, "facts": {**record["facts"], "Rated": rated}}
        replay.take(LogRecord(record["sequence"], record["hash"], json.dumps(said), said))
    again = {**known.last_record(), "operation": "TakeReview", "facts": {}, "sequence": last + 1}
    replay.take(LogRecord(last + 1, "", json.dumps(again), again))
    [violation] = replay.end()
    assert (violation.sequence, violation.rule) == (last + 1, "proficiency")
