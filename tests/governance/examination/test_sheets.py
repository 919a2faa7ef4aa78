"""Sheets are blind: who rates sees faces, and nothing that tells whom, when, or how alike they are."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import delete, select, update
from tests.reviewing import ReviewOffice

from regard.caller import Caller
from regard.errors import (
    AccessDeniedException,
    ConflictException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from regard.storage.clock import milliseconds
from regard.storage.schema import face_crops, faces, reviews, training

_HALF_AN_HOUR = 30 * 60_000


def picture(office: ReviewOffice, name: str, review: str, number: int) -> bytes:
    answer = office.call("get_review_picture", office.reviewer(name), ReviewId=review, Number=number)
    return bytes(answer["Picture"])


def served(office: ReviewOffice, name: str) -> Iterator[dict[str, Any]]:
    """Everything that a reviewer can be answered before the ratings are taken."""
    who = office.reviewer(name)
    taken = office.call("take_review", who)
    yield taken
    review = taken["ReviewId"]
    sheet = office.call("get_review_sheet", who, ReviewId=review)
    yield sheet
    for number in [sheet["Probe"], *sheet["Candidates"]]:
        yield office.call("get_review_picture", who, ReviewId=review, Number=number)


def test_nothing_that_is_served_before_the_rating_tells_more_than_faces(
    office: ReviewOffice, portrait: Path
) -> None:
    office.enrol(portrait, "again")
    office.search(portrait)
    review = office.call("list_reviews", office.ines)["Reviews"][0]["ReviewId"]
    answers = list(served(office, "rita"))
    text = json.dumps(answers, default=lambda blob: blob.hex())
    faces = office.call("list_faces", CollectionId="wanted")["Faces"]
    for face in faces:
        for secret in (face["FaceId"], face["ImageId"], face["ExternalImageId"]):
            assert secret not in text
            assert secret.encode().hex() not in text
    for word in ("Similarity", "Rank", "Searcher", "CaseId", office.case_id, "Opened", "wanted"):
        assert word not in text
    assert {name for answer in answers for name in answer} == {
        *("ReviewId", "Candidates", "Minutes", "Probe", "Features", "Picture")
    }
    assert review in text


def test_served_pictures_are_alike_in_size_and_hold_nothing_but_pixels(
    office: ReviewOffice, portrait: Path
) -> None:
    office.search(portrait)
    review = office.take("rita")
    for number in (0, 1):
        content = picture(office, "rita", review, number)
        shown = Image.open(io.BytesIO(content))
        assert (shown.format, shown.size, dict(shown.getexif())) == ("JPEG", (400, 400), {})
        markers = re.findall(rb"\xff([\xe1-\xef\xfe])", content[: content.index(b"\xff\xda")])
        assert markers == []  # neither EXIF nor XMP nor a comment


def test_the_order_of_a_sheet_differs_between_reviewers(empty_office: ReviewOffice, portrait: Path) -> None:
    office = empty_office
    office.gallery(*[portrait] * 8)
    tint(office)
    office.search(portrait)
    orders = []
    for name in ("rita", "rolf"):
        review = office.take(name)
        shown = [picture(office, name, review, number) for number in range(1, 9)]
        orders.append([hashlib.sha256(one).hexdigest() for one in shown])
        office.rate(name, 0)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def tint(office: ReviewOffice) -> None:
    """Gives each face's picture a grey of its own, so that they can be told apart."""
    with office.parts.database.write() as connection:
        rows = connection.execute(select(faces.c.row)).scalars().all()
        connection.execute(delete(face_crops))
    pictures = {}
    for place, row in enumerate(rows):
        out = io.BytesIO()
        Image.new("L", (256, 256), 20 + place * 20).save(out, "JPEG")
        pictures[row] = out.getvalue()
    office.parts.stores.accountability.examination.crops.put(pictures)


def test_who_searched_gets_no_sheet_of_it(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    rita = office.reviewer("rita").person_id
    with office.parts.database.write() as connection:
        connection.execute(update(reviews).values(searcher=rita))
    with pytest.raises(ResourceNotFoundException, match="nothing for you to review"):
        office.take("rita")
    assert office.take("rolf")


def test_who_works_on_the_case_gets_no_sheet_of_it(office: ReviewOffice, portrait: Path) -> None:
    office.call("set_roles", PersonId=office.name("rita"), Roles=["reviewer", "investigator"])
    case = office.case(office.ines, Members=[office.name("rita")])
    office.call(
        "search_faces_by_image",
        office.ines,
        case,
        CollectionId="wanted",
        Image={"Bytes": portrait.read_bytes()},
    )
    with pytest.raises(ResourceNotFoundException):
        office.take("rita")


def test_a_second_key_of_the_same_person_gets_no_sheet_of_the_own_search(
    office: ReviewOffice, portrait: Path
) -> None:
    office.search(portrait)
    office.call("set_roles", PersonId=office.name("ines"), Roles=["investigator", "reviewer"])
    office.train(office.name("ines"), "review")
    with pytest.raises(ResourceNotFoundException):
        office.take("ines")


def test_a_sheet_is_one_reviewer_s_at_a_time(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    with pytest.raises(ResourceNotFoundException):
        office.take("rolf")
    with pytest.raises(ResourceNotFoundException, match="You have no sheet"):
        office.call("get_review_sheet", office.reviewer("rolf"), ReviewId=review)
    assert office.take("rita") == review


def test_a_sheet_that_was_left_is_given_to_another(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    age_lease(office)
    assert office.take("rolf") == review
    with pytest.raises(ResourceNotFoundException):
        picture(office, "rita", review, 0)


def test_of_two_who_race_for_one_sheet_one_wins(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review_id = office.take("rita")
    examination = office.parts.stores.accountability.examination
    rita, rolf = office.reviewer("rita"), office.reviewer("rolf")
    held = examination.sheets.held(review_id, str(rita.person_id))
    age_lease(office)
    office.take("rolf")
    with pytest.raises(ConflictException, match="isn't yours any more"):
        examination.ratings.commit(held, str(rita.person_id), [])
    assert office.rate("rolf", 3)["Status"] == "RATED_1"
    with pytest.raises(ConflictException):
        examination.ratings.commit(held, str(rolf.person_id), [])


def age_lease(office: ReviewOffice) -> None:
    with office.parts.database.write() as connection:
        connection.execute(update(reviews).values(lease_until=milliseconds() - 1))


def test_nobody_rates_twice(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    office.rate("rita", 3)
    with pytest.raises(ResourceNotFoundException, match="You have no sheet"):
        put(office, office.reviewer("rita"), review, [1])
    with pytest.raises(ResourceNotFoundException, match="nothing for you"):
        office.take("rita")


def put(office: ReviewOffice, caller: Caller, review: str, numbers: list[int], value: int = 3) -> Any:
    ratings = [{"Number": number, "Value": value} for number in numbers]
    return office.call("put_ratings", caller, ReviewId=review, Ratings=ratings)


@pytest.mark.parametrize("numbers", [[], [1, 1], [2], [0], [1, 2]])
def test_every_candidate_is_rated_once(office: ReviewOffice, portrait: Path, numbers: list[int]) -> None:
    office.search(portrait)
    review = office.take("rita")
    with pytest.raises(InvalidParameterException, match="Rate each of the 1 candidates once"):
        put(office, office.reviewer("rita"), review, numbers)


def test_a_script_with_a_key_gets_no_sheet_and_rates_nothing(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    key = office.key("rita", "reviewer")
    with pytest.raises(AccessDeniedException, match="This takes the person"):
        office.call("take_review", key)
    with pytest.raises(AccessDeniedException, match="This takes the person"):
        put(office, key, review, [1])


def test_a_rating_takes_a_code_that_is_fresh(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    stale = replace(office.reviewer("rita"), verified=milliseconds() - _HALF_AN_HOUR)
    with pytest.raises(AccessDeniedException, match="older than 15 minutes"):
        put(office, stale, review, [1])


def test_who_is_not_trained_to_review_gets_no_sheet(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    office.person("rudi", "reviewer", trained="search")
    with pytest.raises(AccessDeniedException, match="no valid training to review"):
        office.take("rudi")


def test_a_training_that_ended_meanwhile_ends_the_sheet(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    with office.parts.database.write() as connection:
        connection.execute(update(training).values(until=milliseconds()))
    with pytest.raises(AccessDeniedException, match="no valid training to review"):
        put(office, office.reviewer("rita"), review, [1])


def test_a_suspended_reviewer_s_session_is_over(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    key = office.key("rita", "reviewer")
    opened = office.call("open_session", key, Code=office.code(office.name("rita"), key))
    office.call("suspend_person", PersonId=office.name("rita"))
    with pytest.raises(AccessDeniedException):
        office.parts.stores.accountability.sessions.caller(opened["SessionToken"], key)


def test_an_investigator_does_not_review(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    with pytest.raises(AccessDeniedException, match="not authorized"):
        office.call("take_review", office.verified(office.name("ines"), office.ines))


def test_who_may_still_rate_sees_nothing_of_a_review(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    with pytest.raises(ResourceNotFoundException):
        office.call("get_review", office.reviewer("rita"), ReviewId=review)
    assert office.call("list_reviews", office.reviewer("rita"))["Reviews"] == []


def test_an_approver_who_also_reviews_sees_nothing_of_a_review(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    office.call("set_roles", PersonId=office.name("anna"), Roles=["approver", "reviewer"])
    with pytest.raises(ResourceNotFoundException):
        office.call("get_review", office.approver(), ReviewId=review)


def test_scores_are_told_after_the_rating_and_the_rating_stays(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    [rated] = office.rate("rita", 2)["Rated"]
    assert rated["Similarity"] > 99
    assert (rated["Value"], rated["Status"]) == (2, "PENDING_REVIEW")
    found = office.call("get_review", office.ines, ReviewId=review)
    assert "Ratings" not in found
    assert "Similarity" not in found["Candidates"][0]


def test_the_database_refuses_to_change_a_rating(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    office.rate("rita", 2)
    for statement in ("UPDATE ratings SET value = 3", "DELETE FROM ratings"):
        with (
            pytest.raises(Exception, match="never changed or removed"),
            office.parts.database.write() as connection,
        ):
            connection.exec_driver_sql(statement)


def test_a_picture_that_the_sheet_has_not_is_not_there(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    with pytest.raises(ResourceNotFoundException, match="pictures from 0 to 1"):
        picture(office, "rita", review, 2)


def test_a_face_that_was_erased_meanwhile_is_not_shown(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    review = office.take("rita")
    faces = office.call("list_faces", CollectionId="wanted")["Faces"]
    office.call("delete_faces", office.otto, CollectionId="wanted", FaceIds=[one["FaceId"] for one in faces])
    with pytest.raises(ResourceNotFoundException, match="erased meanwhile"):
        picture(office, "rita", review, 1)
