"""RecognizeCelebrities and GetCelebrityInfo, against what the operator has enrolled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import scenes

from regard.api.model import REKOGNITION, load_api
from regard.app import Parts, build
from regard.caller import LOCAL, Caller
from regard.collections.celebrity_rows import GALLERY
from regard.errors import (
    AccessDeniedException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from regard.packs.install import InstalledPack
from regard.settings import Settings

FACE = {"BoundingBox", "Confidence", "Landmarks", "Pose", "Quality", "Emotions", "Smile"}


@pytest.fixture
def call(parts: Parts):
    def call(operation: str, caller: Caller = LOCAL, **request: object) -> dict[str, Any]:
        return parts.gate.call(operation, request, caller)

    return call


def enrol(parts: Parts, name: str, photo: Path, **facts: Any) -> str:
    """Makes a celebrity of one photo and answers its id."""
    request = {"Urls": ["example.org/1"], "KnownGender": "Female"} | facts
    request |= {"Name": name, "Images": [{"Bytes": photo.read_bytes()}]}
    return str(parts.gate.call("put_celebrity", request, LOCAL)["Id"])


def picture(path: Path) -> dict[str, bytes]:
    return {"Bytes": path.read_bytes()}


def area(face: dict[str, Any]) -> float:
    return face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"]


def test_celebrities_are_named_and_everybody_else_is_not(
    parts: Parts, call, portrait: Path, group_photo: Path
) -> None:
    known = enrol(parts, "Eileen", portrait)
    answer = call("recognize_celebrities", Image=picture(group_photo))
    assert set(answer) == {"CelebrityFaces", "UnrecognizedFaces"}
    assert len(answer["CelebrityFaces"]) + len(answer["UnrecognizedFaces"]) == 8
    assert 3 <= len(answer["CelebrityFaces"]) <= 4  # the smallest of her four faces is hardly fit
    for one in answer["CelebrityFaces"]:
        assert set(one) == {"Urls", "Name", "Id", "Face", "MatchConfidence", "KnownGender"}
        assert (one["Name"], one["Id"], one["Urls"]) == ("Eileen", known, ["example.org/1"])
        assert one["KnownGender"] == {"Type": "Female"}
        assert 95 <= one["MatchConfidence"] <= 100
        assert set(one["Face"]) == FACE
    assert all(set(face) == FACE for face in answer["UnrecognizedFaces"])


def test_a_face_has_eight_emotions_that_add_up_and_a_smile(call, portrait: Path) -> None:
    [face] = call("recognize_celebrities", Image=picture(portrait))["UnrecognizedFaces"]
    assert len({emotion["Type"] for emotion in face["Emotions"]}) == 8
    assert sum(emotion["Confidence"] for emotion in face["Emotions"]) == pytest.approx(100)
    assert face["Smile"]["Value"] is True


def test_nobody_is_a_celebrity_by_himself(call, portrait: Path, group_photo: Path) -> None:
    for photo, count in ((portrait, 1), (group_photo, 8)):
        answer = call("recognize_celebrities", Image=picture(photo))
        assert answer["CelebrityFaces"] == []
        assert len(answer["UnrecognizedFaces"]) == count


def test_a_picture_without_a_face_has_no_celebrity(parts: Parts, call, portrait: Path, texture: Path) -> None:
    enrol(parts, "Eileen", portrait)
    answer = call("recognize_celebrities", Image=picture(texture))
    assert answer == {"CelebrityFaces": [], "UnrecognizedFaces": []}


def test_only_the_largest_64_faces_are_recognised(parts: Parts, call, portrait: Path) -> None:
    enrol(parts, "Eileen", portrait)
    photo, pasted = scenes.group([150] * 80, width=2000, height=1300)
    answer = call("recognize_celebrities", Image={"Bytes": scenes.jpeg(photo)})
    named = [one["Face"] for one in answer["CelebrityFaces"]]
    found = len(named) + len(answer["UnrecognizedFaces"])
    assert 64 < found <= len(pasted)
    assert len(named) <= 32 < sum(one.person == "astronaut" for one in pasted)
    larger = sorted((area(face) for face in named + answer["UnrecognizedFaces"]), reverse=True)
    assert min(area(face) for face in named) >= larger[63]


def test_a_face_too_poor_to_be_searched_for_is_not_recognised(parts: Parts, call, portrait: Path) -> None:
    enrol(parts, "Eileen", portrait)
    photo, _ = scenes.group([40], width=400, height=300)
    answer = call("recognize_celebrities", Image={"Bytes": scenes.jpeg(photo)})
    assert answer["CelebrityFaces"] == []
    [face] = answer["UnrecognizedFaces"]
    assert min(face["BoundingBox"]["Width"] * 400, face["BoundingBox"]["Height"] * 300) < 24


def test_a_celebritys_facts_are_found_by_its_id(parts: Parts, call, portrait: Path) -> None:
    known = enrol(parts, "Eileen", portrait, Urls=["example.org/1", "example.org/2"])
    assert call("get_celebrity_info", Id=known) == {
        "Urls": ["example.org/1", "example.org/2"],
        "Name": "Eileen",
        "KnownGender": {"Type": "Female"},
    }


@pytest.mark.parametrize("unknown", ["", "none", "0" * 300])
def test_an_unknown_id_is_refused(call, unknown: str) -> None:
    with pytest.raises(ResourceNotFoundException, match="The celebrity id: .* does not exist"):
        call("get_celebrity_info", Id=unknown)


def test_the_threshold_is_the_installations_and_in_the_record(
    installed_pack: InstalledPack, portrait: Path, tmp_path: Path
) -> None:
    turned = scenes.portrait("astronaut").rotate(10).resize((300, 300))
    image = {"Bytes": scenes.jpeg(turned)}
    for setting in (50, 100):
        parts = build(Settings.load({}, data=tmp_path / str(setting), celebrity_similarity=setting))
        enrol(parts, "Eileen", portrait)
        answer = parts.gate.call("recognize_celebrities", {"Image": image}, LOCAL)
        assert len(answer["CelebrityFaces"]) == (1 if setting == 50 else 0)
        *_, record = parts.audit.export()
        assert (record["operation"], record["threshold"]) == ("RecognizeCelebrities", setting)
        assert record["results"]["CelebrityFaces"] == len(answer["CelebrityFaces"])
        parts.close()


def test_a_strict_purpose_raises_the_threshold_to_99(parts: Parts, call, portrait: Path) -> None:
    strict = Caller("k", "k", "investigator", purpose="access-control")
    call("recognize_celebrities", strict, Image=picture(portrait))
    *_, record = parts.audit.export()
    assert (record["purpose"], record["threshold"]) == ("access-control", 99.0)
    call("recognize_celebrities", Image=picture(portrait))
    *_, record = parts.audit.export()
    assert (record["purpose"], record["threshold"]) == ("general", 95)


def test_a_role_that_may_not_look_at_pictures_recognises_nobody(call, portrait: Path) -> None:
    reviewer = Caller("k", "k", "reviewer")
    with pytest.raises(AccessDeniedException, match="RecognizeCelebrities"):
        call("recognize_celebrities", reviewer, Image=picture(portrait))
    with pytest.raises(ResourceNotFoundException):
        call("get_celebrity_info", reviewer, Id="abc")


def test_celebrities_of_another_face_model_are_not_compared(parts: Parts, call, portrait: Path) -> None:
    enrol(parts, "Eileen", portrait)
    with parts.database.write() as connection:
        connection.exec_driver_sql("update collections set face_model_version = '0.9'")
    with pytest.raises(InvalidParameterException, match=r"face model 0\.9"):
        call("recognize_celebrities", Image=picture(portrait))


def test_no_operation_reaches_the_celebrities_collection(parts: Parts, call, portrait: Path) -> None:
    known = enrol(parts, "Eileen", portrait)
    more = {
        "index_faces": {"Image": picture(portrait)},
        "search_faces": {"FaceId": "x", "FaceMatchThreshold": 1.0},
        "search_faces_by_image": {"Image": picture(portrait)},
        "search_users": {"UserId": known},
        "search_users_by_image": {"Image": picture(portrait)},
        "associate_faces": {"UserId": known, "FaceIds": ["x"]},
        "disassociate_faces": {"UserId": known, "FaceIds": ["x"]},
        "create_user": {"UserId": "x"},
        "delete_user": {"UserId": known},
        "delete_faces": {"FaceIds": ["x"]},
        "create_collection": {},
        "delete_collection": {},
        "describe_collection": {},
        "list_faces": {},
        "list_users": {},
    }
    arn = f"arn:aws:rekognition:us-east-1:000000000000:collection/{GALLERY}"
    tagging = {"tag_resource": {"Tags": {"a": "b"}}, "untag_resource": {"TagKeys": ["a"]}}
    tagging["list_tags_for_resource"] = {}
    for operation, request in more.items():
        with pytest.raises(ResourceNotFoundException):
            call(operation, CollectionId=GALLERY, **request)
    for operation, request in tagging.items():
        with pytest.raises(ResourceNotFoundException):
            call(operation, ResourceArn=arn, **request)
    assert set(more) | set(tagging) <= set(load_api(REKOGNITION).operations)
    assert call("list_collections")["CollectionIds"] == []
    assert call("get_celebrity_info", Id=known)["Name"] == "Eileen"


def test_an_embedding_of_nothing_is_near_nobody(parts: Parts, portrait: Path) -> None:
    enrol(parts, "Eileen", portrait)
    celebrities = parts.stores.celebrities
    nothing = np.zeros((1, celebrities.model.dimension), np.float32)
    [found] = celebrities.recognise(nothing, model=celebrities.model, threshold=95.0)
    assert found is None
