"""Whom a search under a strict purpose finds is told once people have judged it."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path

import pytest
from sqlalchemy import func, select
from tests.reviewing import ReviewOffice

from regard.caller import LOCAL
from regard.errors import AccessDeniedException, InvalidParameterException
from regard.governance.purpose import TAG
from regard.storage.schema import metadata


def test_a_candidate_is_a_placeholder_until_it_is_judged(office: ReviewOffice, portrait: Path) -> None:
    released = office.search(portrait, FaceMatchThreshold=99.5)
    [match] = released.body["FaceMatches"]
    review = office.review_of(released)
    assert match["Similarity"] == 99.5
    assert uuid.UUID(match["Face"].pop("FaceId")).version == 4
    assert match["Face"] == {"ExternalImageId": f"PENDING_REVIEW:{review}:1"}
    assert re.fullmatch(r"R-\d{4}-\d{6}", review)


def test_an_answer_with_candidates_names_case_and_review(office: ReviewOffice, portrait: Path) -> None:
    headers = office.search(portrait).headers
    assert headers["x-regard-case"] == office.case_id
    assert headers["x-regard-review"].endswith(";status=PENDING_REVIEW;candidates=1")


def test_nobody_found_opens_no_review(office: ReviewOffice, portrait: Path) -> None:
    office.gallery(collection="empty")
    released = office.search(portrait, "empty")
    assert released.body["FaceMatches"] == []
    assert dict(released.headers) == {"x-regard-case": office.case_id}
    assert office.call("list_reviews", office.ines)["Reviews"] == []


def test_the_same_search_answers_the_same_review_whatever_its_threshold(
    office: ReviewOffice, portrait: Path
) -> None:
    first = office.review_of(office.search(portrait, FaceMatchThreshold=99))
    for threshold in (99.9, 100):
        assert office.review_of(office.search(portrait, FaceMatchThreshold=threshold)) == first
    assert len(office.call("list_reviews", office.ines)["Reviews"]) == 1


def test_a_lead_is_answered_as_it_was_found(office: ReviewOffice, portrait: Path) -> None:
    review, _ = office.lead(portrait)
    released = office.search(portrait)
    [match] = released.body["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "1-astronaut"
    assert match["Similarity"] > 99
    assert released.headers["x-regard-review"] == f"{review};status=DECIDED;candidates=1"


def test_a_rejected_candidate_is_left_out(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    office.rate("rita", -3)
    office.rate("rolf", -1)
    assert office.search(portrait).body["FaceMatches"] == []


def test_a_rejected_pair_is_never_shown_again_in_the_case(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    office.rate("rita", -3)
    office.rate("rolf", -3)
    face = next(
        face
        for face in office.call("list_faces", CollectionId="wanted")["Faces"]
        if face["ExternalImageId"] == "1-astronaut"
    )
    office.enrol(portrait, "again")
    released = office.search(portrait)
    assert office.review_of(released) == review  # and not a review of the face that was enrolled since
    assert face["FaceId"] not in json.dumps(released.body)


def test_a_placeholder_s_face_is_nobody_s(office: ReviewOffice, portrait: Path) -> None:
    [match] = office.search(portrait).body["FaceMatches"]
    with pytest.raises(InvalidParameterException, match="faceId was not found"):
        office.call(
            "search_faces",
            office.ines,
            office.case_id,
            CollectionId="wanted",
            FaceId=match["Face"]["FaceId"],
        )


def test_a_search_shows_no_more_candidates_than_the_rules_allow(
    empty_office: ReviewOffice, portrait: Path, other_portrait: Path
) -> None:
    office = empty_office
    office.gallery(*[portrait] * 12, other_portrait)
    assert len(office.search(portrait).body["FaceMatches"]) == 10


def test_a_search_by_a_face_of_the_collection_is_reviewed(office: ReviewOffice, portrait: Path) -> None:
    face = office.enrol(portrait, "again")
    released = office.parts.gate.answer(
        "search_faces", {"CollectionId": "wanted", "FaceId": face}, office.ines, case=office.case_id
    )
    [match] = released.body["FaceMatches"]
    assert match["Face"]["ExternalImageId"].startswith("PENDING_REVIEW:")
    office.rate("rita", 3)
    office.rate("rolf", 3)
    answer = office.call("search_faces", office.ines, office.case_id, CollectionId="wanted", FaceId=face)
    assert [match["Face"]["ExternalImageId"] for match in answer["FaceMatches"]] == ["1-astronaut"]


def test_users_are_placeholders_until_they_are_judged(office: ReviewOffice, portrait: Path) -> None:
    face = next(
        face["FaceId"]
        for face in office.call("list_faces", CollectionId="wanted")["Faces"]
        if face["ExternalImageId"] == "1-astronaut"
    )
    office.call("create_user", office.otto, CollectionId="wanted", UserId="eileen")
    office.call("associate_faces", office.otto, CollectionId="wanted", UserId="eileen", FaceIds=[face])
    request = {"CollectionId": "wanted", "Image": {"Bytes": portrait.read_bytes()}}
    released = office.parts.gate.answer("search_users_by_image", request, office.ines, case=office.case_id)
    review = office.review_of(released)
    assert released.body["UserMatches"] == [
        {"Similarity": 99.0, "User": {"UserId": f"PENDING_REVIEW:{review}:1"}}
    ]
    office.rate("rita", 3)
    office.rate("rolf", 3)
    answer = office.call("search_users_by_image", office.ines, office.case_id, **request)
    assert [match["User"]["UserId"] for match in answer["UserMatches"]] == ["eileen"]


def test_a_comparison_claims_nothing_until_it_is_judged(office: ReviewOffice, portrait: Path) -> None:
    strict = office.key("ines", "investigator", purpose="law-enforcement")
    picture = {"Bytes": portrait.read_bytes()}
    request = {"SourceImage": picture, "TargetImage": picture}
    released = office.parts.gate.answer("compare_faces", request, strict, case=office.case_id)
    assert (released.body["FaceMatches"], released.body["UnmatchedFaces"]) == ([], [])
    office.rate("rita", 3)
    office.rate("rolf", 2)
    answer = office.call("compare_faces", strict, office.case_id, **request)
    assert (len(answer["FaceMatches"]), answer["UnmatchedFaces"]) == (1, [])


def test_a_comparison_that_was_rejected_is_unmatched(office: ReviewOffice, portrait: Path) -> None:
    strict = office.key("ines", "investigator", purpose="law-enforcement")
    picture = {"Bytes": portrait.read_bytes()}
    request = {"SourceImage": picture, "TargetImage": picture}
    office.call("compare_faces", strict, office.case_id, **request)
    office.rate("rita", -3)
    office.rate("rolf", -2)
    answer = office.call("compare_faces", strict, office.case_id, **request)
    assert (answer["FaceMatches"], len(answer["UnmatchedFaces"])) == ([], 1)


def test_who_was_enrolled_before_there_were_pictures_stays_a_placeholder(
    office: ReviewOffice, portrait: Path
) -> None:
    with office.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM face_crops")
    released = office.search(portrait)
    review = office.review_of(released)
    assert released.headers["x-regard-review"] == f"{review};status=NO_PICTURE;candidates=1"
    [match] = released.body["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == f"PENDING_REVIEW:{review}:1"


def test_who_is_enrolled_anew_can_be_judged(office: ReviewOffice, portrait: Path) -> None:
    with office.parts.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM face_crops")
    first = office.review_of(office.search(portrait))
    office.enrol(portrait, "1-astronaut")
    released = office.search(portrait)
    assert office.review_of(released) != first
    assert "status=PENDING_REVIEW" in released.headers["x-regard-review"]


def test_faces_of_a_general_collection_are_kept_without_a_picture(
    empty_office: ReviewOffice, portrait: Path
) -> None:
    empty_office.call("create_collection", CollectionId="holiday", Tags={TAG: "general"})
    empty_office.enrol(portrait, "me", "holiday")
    assert count(empty_office, "face_crops") == 0


def count(office: ReviewOffice, table: str) -> int:
    """The rows of a table."""
    with office.parts.database.read() as connection:
        rows = connection.execute(select(func.count()).select_from(metadata.tables[table]))
        return int(rows.scalar_one())


def test_a_picture_goes_with_its_face(office: ReviewOffice, portrait: Path) -> None:
    face = office.enrol(portrait, "again")
    office.call("delete_faces", office.otto, CollectionId="wanted", FaceIds=[face])
    assert count(office, "face_crops") == 2


def test_a_lead_whose_face_was_erased_is_told_no_more(office: ReviewOffice, portrait: Path) -> None:
    office.lead(portrait)
    faces = office.call("list_faces", CollectionId="wanted")["Faces"]
    office.call(
        "delete_faces", office.otto, CollectionId="wanted", FaceIds=[face["FaceId"] for face in faces]
    )
    assert office.search(portrait).body["FaceMatches"] == []


def test_the_record_of_a_search_names_review_probe_and_gallery(office: ReviewOffice, portrait: Path) -> None:
    review = office.review_of(office.search(portrait))
    record = office.last_record()
    assert (record["operation"], record["review"]) == ("SearchFacesByImage", review)
    assert len(record["probe"]) == 64
    assert record["gallery"]["size"] == 2


def test_no_picture_is_in_the_database_as_it_is(office: ReviewOffice, portrait: Path) -> None:
    office.search(portrait)
    with office.parts.database.read() as connection:
        kept = (
            connection.exec_driver_sql("SELECT probe_picture FROM reviews WHERE asked IS NOT NULL")
            .scalars()
            .all()
        )
        kept += connection.exec_driver_sql("SELECT picture FROM face_crops").scalars().all()
    assert kept
    assert not any(b"JFIF" in picture for picture in kept)


def test_a_general_answer_has_no_headers(empty_office: ReviewOffice, portrait: Path) -> None:
    parts = empty_office.parts
    parts.gate.call("create_collection", {"CollectionId": "holiday"}, LOCAL)
    released = parts.gate.answer(
        "search_faces_by_image",
        {"CollectionId": "holiday", "Image": {"Bytes": portrait.read_bytes()}},
        LOCAL,
    )
    assert dict(released.headers) == {}


def test_the_oracle_of_a_user_is_closed(office: ReviewOffice, portrait: Path, other_portrait: Path) -> None:
    mine = office.enrol(portrait, "mine")
    other = office.enrol(other_portrait, "other")
    office.call("create_user", office.otto, CollectionId="wanted", UserId="eileen")
    office.call("associate_faces", office.otto, CollectionId="wanted", UserId="eileen", FaceIds=[mine])
    answer = office.call(
        "associate_faces",
        office.otto,
        CollectionId="wanted",
        UserId="eileen",
        FaceIds=[other],
        UserMatchThreshold=100,
    )
    [refused] = answer["UnsuccessfulFaceAssociations"]
    assert "Confidence" not in refused


def test_a_search_of_nobody_in_particular_is_refused_before_anything_is_kept(
    office: ReviewOffice, portrait: Path
) -> None:
    request = {"CollectionId": "wanted", "Image": {"Bytes": portrait.read_bytes()}}
    before = count(office, "reviews")
    with pytest.raises(AccessDeniedException):
        office.parts.gate.answer("search_faces_by_image", request, LOCAL)
    assert count(office, "reviews") == before
