"""The attributes of faces in Rekognition's shapes: what is asked for is given, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.api.model import REKOGNITION, load_api
from regard.app import Parts
from regard.caller import LOCAL

API = load_api(REKOGNITION)

DEFAULT = {"BoundingBox", "Landmarks", "Pose", "Quality", "Confidence"}
KEYS = {
    "AGE_RANGE": "AgeRange",
    "BEARD": "Beard",
    "EMOTIONS": "Emotions",
    "EYE_DIRECTION": "EyeDirection",
    "EYEGLASSES": "Eyeglasses",
    "EYES_OPEN": "EyesOpen",
    "FACE_OCCLUDED": "FaceOccluded",
    "GENDER": "Gender",
    "MOUTH_OPEN": "MouthOpen",
    "MUSTACHE": "Mustache",
    "SMILE": "Smile",
    "SUNGLASSES": "Sunglasses",
}


@pytest.fixture
def detect(parts: Parts, portrait: Path):
    def detect(*attributes: str) -> dict:
        request = {"Image": {"Bytes": portrait.read_bytes()}, "Attributes": list(attributes)}
        [face] = parts.gate.call("detect_faces", request, LOCAL)["FaceDetails"]
        return face

    return detect


def test_all_gives_every_key_of_a_face_detail(detect) -> None:
    assert set(detect("ALL")) == set(API.model.shape_for("FaceDetail").members)


@pytest.mark.parametrize("name", sorted(KEYS))
def test_an_attribute_by_name_adds_its_key_alone(detect, name: str) -> None:
    assert set(detect(name)) == DEFAULT | {KEYS[name]}


def test_default_adds_nothing_and_takes_nothing_away(detect) -> None:
    assert set(detect("DEFAULT")) == DEFAULT
    assert set(detect("DEFAULT", "SMILE")) == DEFAULT | {"Smile"}
    assert set(detect("DEFAULT", "ALL")) == DEFAULT | set(KEYS.values())


def test_every_attribute_of_the_api_is_known() -> None:
    assert set(API.model.shape_for("Attribute").enum) == {"DEFAULT", "ALL", *KEYS}


def test_all_gives_every_landmark_by_its_name_where_it_belongs(detect) -> None:
    face = detect("ALL")
    points = {point["Type"]: (point["X"], point["Y"]) for point in face["Landmarks"]}
    assert set(points) == set(API.model.shape_for("LandmarkType").enum)
    for left, right in (
        ("eyeLeft", "eyeRight"),
        ("leftEyeBrowLeft", "leftEyeBrowRight"),
        ("leftEyeBrowRight", "rightEyeBrowLeft"),
        ("rightEyeBrowLeft", "rightEyeBrowRight"),
        ("leftEyeLeft", "leftPupil"),
        ("leftPupil", "leftEyeRight"),
        ("leftEyeRight", "rightEyeLeft"),
        ("rightEyeLeft", "rightPupil"),
        ("rightPupil", "rightEyeRight"),
        ("noseLeft", "nose"),
        ("nose", "noseRight"),
        ("mouthLeft", "mouthRight"),
        ("upperJawlineLeft", "midJawlineLeft"),
        ("midJawlineLeft", "chinBottom"),
        ("chinBottom", "midJawlineRight"),
        ("midJawlineRight", "upperJawlineRight"),
    ):
        assert points[left][0] < points[right][0], (left, right)
    for above, below in (
        ("leftEyeBrowUp", "leftEyeUp"),
        ("leftEyeUp", "leftEyeDown"),
        ("rightEyeUp", "rightEyeDown"),
        ("leftEyeDown", "nose"),
        ("nose", "mouthUp"),
        ("mouthUp", "mouthDown"),
        ("mouthDown", "chinBottom"),
        ("upperJawlineLeft", "midJawlineLeft"),
    ):
        assert points[above][1] < points[below][1], (above, below)


def test_emotions_are_eight_and_the_surest_first(detect) -> None:
    emotions = detect("EMOTIONS")["Emotions"]
    assert {emotion["Type"] for emotion in emotions} == set(API.model.shape_for("EmotionName").enum) - {
        "UNKNOWN"
    }
    confidences = [emotion["Confidence"] for emotion in emotions]
    assert confidences == sorted(confidences, reverse=True)
    assert emotions[0]["Type"] == "HAPPY"


def test_an_enrolled_face_is_described_when_asked(parts: Parts, portrait: Path) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    request = {"CollectionId": "c", "Image": {"Bytes": portrait.read_bytes()}}
    plain = parts.gate.call("index_faces", request | {"ExternalImageId": "a"}, LOCAL)
    full = parts.gate.call(
        "index_faces", request | {"ExternalImageId": "b", "DetectionAttributes": ["ALL"]}, LOCAL
    )
    assert set(plain["FaceRecords"][0]["FaceDetail"]) == DEFAULT
    assert set(full["FaceRecords"][0]["FaceDetail"]) == DEFAULT | set(KEYS.values())


def test_a_picture_without_a_face_has_none_to_describe(parts: Parts, texture: Path) -> None:
    request = {"Image": {"Bytes": texture.read_bytes()}, "Attributes": ["ALL"]}
    assert parts.gate.call("detect_faces", request, LOCAL) == {"FaceDetails": []}
