"""Users through the gate, with real pictures."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests import scenes

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import (
    AccessDeniedException,
    ConflictException,
    IdempotentParameterMismatchException,
    InvalidPaginationTokenException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from regard.governance.purpose import TAG

Call = Callable[..., dict[str, Any]]
NOBODY = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def call(parts: Parts) -> Call:
    def call(operation: str, **request: object) -> dict[str, Any]:
        return parts.gate.call(operation, {"CollectionId": "c", **request}, LOCAL)

    call("create_collection")
    return call


def photos(person: str, count: int) -> list[bytes]:
    """Photos of one person: as it is, turned, shrunk, darker."""
    straight = scenes.portrait(person)
    made = [
        straight,
        straight.rotate(8, expand=True),
        straight.rotate(-8, expand=True),
        straight.resize((straight.width * 2 // 3, straight.height * 2 // 3)),
        Image.eval(straight, lambda value: value * 3 // 4),
    ]
    return [scenes.jpeg(photo) for photo in made[:count]]


def enrol(call: Call, person: str, count: int) -> list[str]:
    ids = []
    for photo in photos(person, count):
        answer = call("index_faces", Image={"Bytes": photo}, MaxFaces=1, ExternalImageId=person)
        ids.append(answer["FaceRecords"][0]["Face"]["FaceId"])
    return ids


@pytest.fixture
def two_users(call: Call) -> dict[str, list[str]]:
    """The users `eileen` and `grace`, of three and two faces."""
    faces = {"eileen": enrol(call, "astronaut", 3), "grace": enrol(call, "hopper", 2)}
    for user, ids in faces.items():
        call("create_user", UserId=user)
        call("associate_faces", UserId=user, FaceIds=ids)
    return faces


def group(sizes: list[int]) -> dict[str, bytes]:
    return {"Bytes": scenes.jpeg(scenes.group(sizes)[0])}


def test_a_user_is_made_of_faces_and_found_in_another_photo(call: Call, two_users: dict) -> None:
    found = call("search_users_by_image", Image=group([300, 150, 150]))
    [match] = found["UserMatches"]
    assert match["User"] == {"UserId": "eileen", "UserStatus": "ACTIVE"}
    assert 95 < match["Similarity"] <= 100
    assert found["SearchedFace"]["FaceDetail"]["BoundingBox"]["Width"] > 0.05
    assert [face["Reasons"] for face in found["UnsearchedFaces"]] == [["FACE_NOT_LARGEST"]] * 2
    assert found["FaceModelVersion"] == call("describe_collection")["FaceModelVersion"]


def test_the_quality_filter_names_what_it_left_out(call: Call, two_users: dict) -> None:
    found = call("search_users_by_image", Image=group([220, 60]), QualityFilter="HIGH")
    [left] = found["UnsearchedFaces"]
    assert "SMALL_BOUNDING_BOX" in left["Reasons"]
    assert [match["User"]["UserId"] for match in found["UserMatches"]] == ["eileen"]


def test_a_photo_without_a_face_finds_nobody_and_is_no_error(
    call: Call, two_users: dict, texture: Path
) -> None:
    found = call("search_users_by_image", Image={"Bytes": texture.read_bytes()})
    assert found["UserMatches"] == found["UnsearchedFaces"] == []
    assert "SearchedFace" not in found


def test_users_are_searched_by_a_face_of_the_collection(call: Call, two_users: dict) -> None:
    face = two_users["grace"][0]
    found = call("search_users", FaceId=face)
    assert found["SearchedFace"] == {"FaceId": face}
    assert [match["User"]["UserId"] for match in found["UserMatches"]] == ["grace"]
    [new] = enrol(call, "astronaut", 5)[4:]
    assert call("search_users", FaceId=new)["UserMatches"][0]["User"]["UserId"] == "eileen"


def test_a_searched_user_is_not_among_its_matches(call: Call, two_users: dict) -> None:
    assert call("search_users", UserId="eileen") == {
        "UserMatches": [],
        "FaceModelVersion": call("describe_collection")["FaceModelVersion"],
        "SearchedUser": {"UserId": "eileen"},
    }
    everyone = call("search_users", UserId="eileen", UserMatchThreshold=0.0)["UserMatches"]
    assert [match["User"]["UserId"] for match in everyone] == ["grace"]


def test_the_same_person_twice_is_found_by_user(call: Call, two_users: dict) -> None:
    late = enrol(call, "astronaut", 5)[3:]
    call("create_user", UserId="again")
    assert call("search_users", UserId="again")["UserMatches"] == []  # it has no face yet
    call("associate_faces", UserId="again", FaceIds=late)
    matches = call("search_users", UserId="again", MaxUsers=1)["UserMatches"]
    assert [match["User"]["UserId"] for match in matches] == ["eileen"]


@pytest.mark.parametrize("which", [{}, {"FaceId": NOBODY, "UserId": "eileen"}])
def test_a_search_takes_a_face_or_a_user(call: Call, which: dict) -> None:
    with pytest.raises(InvalidParameterException, match="either FaceId or UserId"):
        call("search_users", **which)


def test_what_is_not_there_is_named(call: Call) -> None:
    with pytest.raises(InvalidParameterException, match="^faceId was not found in the collection.$"):
        call("search_users", FaceId=NOBODY)
    for operation, request in (
        ("search_users", {"UserId": "nobody"}),
        ("delete_user", {"UserId": "nobody"}),
        ("associate_faces", {"UserId": "nobody", "FaceIds": [NOBODY]}),
        ("disassociate_faces", {"UserId": "nobody", "FaceIds": [NOBODY]}),
    ):
        with pytest.raises(ResourceNotFoundException, match="nobody"):
            call(operation, **request)
    with pytest.raises(ResourceNotFoundException, match="The collection id: none does not exist"):
        call("list_users", CollectionId="none")


def test_the_foreign_face_in_a_request_is_refused_with_its_confidence(call: Call) -> None:
    own, [stranger] = enrol(call, "astronaut", 4), enrol(call, "hopper", 1)
    call("create_user", UserId="eileen")
    answer = call("associate_faces", UserId="eileen", FaceIds=[stranger, *own, NOBODY])
    assert [face["FaceId"] for face in answer["AssociatedFaces"]] == own
    low, missing = answer["UnsuccessfulFaceAssociations"]
    assert low["FaceId"] == stranger
    assert low["Reasons"] == ["LOW_MATCH_CONFIDENCE"]
    assert low["Confidence"] < 10
    assert missing == {"FaceId": NOBODY, "Reasons": ["FACE_NOT_FOUND"]}
    assert answer["UserStatus"] == "ACTIVE"


def test_a_face_of_another_user_stays_there(call: Call, two_users: dict) -> None:
    face = two_users["grace"][0]
    elsewhere = [{"FaceId": face, "UserId": "grace", "Reasons": ["ASSOCIATED_TO_A_DIFFERENT_USER"]}]
    joining = call("associate_faces", UserId="eileen", FaceIds=[face, face])
    assert joining["UnsuccessfulFaceAssociations"] == elsewhere
    leaving = call("disassociate_faces", UserId="eileen", FaceIds=[face])
    assert leaving == {
        "DisassociatedFaces": [],
        "UnsuccessfulFaceDisassociations": elsewhere,
        "UserStatus": "ACTIVE",
    }


def test_faces_say_whose_they_are_and_are_listed_by_user(call: Call, two_users: dict) -> None:
    listed = call("list_faces", UserId="eileen")["Faces"]
    assert [face["FaceId"] for face in listed] == two_users["eileen"]
    assert {face["UserId"] for face in listed} == {"eileen"}
    matches = call("search_faces", FaceId=two_users["grace"][0])["FaceMatches"]
    assert {match["Face"]["UserId"] for match in matches} == {"grace"}
    assert call("describe_collection")["UserCount"] == 2


def test_a_users_faces_are_deleted_after_they_left_it(call: Call, two_users: dict) -> None:
    faces = two_users["grace"]
    held = call("delete_faces", FaceIds=faces)
    assert held["DeletedFaces"] == []
    reasons = {(one["UserId"], *one["Reasons"]) for one in held["UnsuccessfulFaceDeletions"]}
    assert reasons == {("grace", "ASSOCIATED_TO_AN_EXISTING_USER")}
    assert call("disassociate_faces", UserId="grace", FaceIds=faces)["UserStatus"] == "CREATED"
    assert call("delete_faces", FaceIds=faces)["DeletedFaces"] == faces
    assert call("search_users_by_image", Image=group([150, 300]))["UserMatches"] == []


def test_a_deleted_users_faces_are_still_found(call: Call, two_users: dict) -> None:
    assert call("delete_user", UserId="grace") == {}
    assert call("search_users", FaceId=two_users["grace"][0])["UserMatches"] == []
    faces = call("search_faces", FaceId=two_users["grace"][0])["FaceMatches"]
    assert [match["Face"]["FaceId"] for match in faces] == two_users["grace"][1:]
    assert faces[0]["Face"]["UserId"] is None


def test_users_are_listed_page_by_page(call: Call) -> None:
    for number in range(5):
        call("create_user", UserId=f"user-{number}")
    first = call("list_users", MaxResults=2)
    assert first["Users"] == [{"UserId": f"user-{n}", "UserStatus": "CREATED"} for n in (0, 1)]
    rest = call("list_users", NextToken=first["NextToken"])
    assert [user["UserId"] for user in rest["Users"]] == ["user-2", "user-3", "user-4"]
    assert "NextToken" not in rest
    with pytest.raises(InvalidPaginationTokenException):
        call("list_users", NextToken="bm9uZQ==")


def test_a_user_is_made_once(call: Call) -> None:
    token = str(uuid.uuid4())
    for _ in range(2):
        assert call("create_user", UserId="ann", ClientRequestToken=token) == {}
    with pytest.raises(ConflictException):
        call("create_user", UserId="ann")
    told = f"^The ClientRequestToken: {token} you have supplied is already in use.$"
    with pytest.raises(IdempotentParameterMismatchException, match=told):
        call("create_user", UserId="ben", ClientRequestToken=token)


def test_a_repeated_association_answers_as_before(call: Call) -> None:
    faces = enrol(call, "astronaut", 2)
    call("create_user", UserId="eileen")
    request = {"UserId": "eileen", "FaceIds": faces, "ClientRequestToken": "t"}
    first = call("associate_faces", **request)
    assert call("associate_faces", **request, UserMatchThreshold=75.0) == first  # the default is 75
    assert call("associate_faces", UserId="eileen", FaceIds=faces)["AssociatedFaces"] == []
    with pytest.raises(IdempotentParameterMismatchException):
        call("associate_faces", **request, UserMatchThreshold=60.0)


def test_a_strict_collection_searches_users_at_99_percent(parts: Parts, call: Call) -> None:
    call("create_collection", CollectionId="police", Tags={TAG: "access-control"})
    for operation, request in (
        ("search_users", {"UserId": "eileen"}),
        ("search_users_by_image", {"Image": group([200])}),
    ):
        with pytest.raises(InvalidParameterException, match="at least 99.0 for the purpose access-control"):
            call(operation, CollectionId="police", UserMatchThreshold=98.0, **request)
    call("search_users_by_image", CollectionId="police", Image=group([200]))
    record = list(parts.audit.export())[-1]
    assert (record["operation"], record["threshold"]) == ("SearchUsersByImage", 99.0)
    assert record["results"] == {"UserMatches": 0, "UnsearchedFaces": 0}


def test_a_collection_of_another_model_takes_no_new_association(parts: Parts, call: Call) -> None:
    parts.stores.collections.create("old", "0.1")
    call("create_user", CollectionId="old", UserId="ann")
    for operation in ("associate_faces", "disassociate_faces"):
        with pytest.raises(InvalidParameterException, match="face model 0.1"):
            call(operation, CollectionId="old", UserId="ann", FaceIds=[NOBODY])
    assert call("delete_user", CollectionId="old", UserId="ann") == {}


def test_an_investigator_searches_users_and_makes_none(parts: Parts, call: Call, two_users: dict) -> None:
    investigator = replace(LOCAL, role="investigator")
    parts.gate.call("search_users", {"CollectionId": "c", "UserId": "eileen"}, investigator)
    with pytest.raises(AccessDeniedException, match="rekognition:CreateUser"):
        parts.gate.call("create_user", {"CollectionId": "c", "UserId": "x"}, investigator)
