"""Each kind of constraint, and the words with which AWS refuses it."""

from __future__ import annotations

from typing import Any

import pytest

from regard.api.validate import validate as hold
from regard.errors import ValidationException

from .strategies import API

S3 = {"S3Object": {"Bucket": "bucket", "Name": "name"}}
FACE = "01234567-89ab-cdef-0123-456789abcdef"


def validate(operation: str, params: dict[str, Any]) -> None:
    hold(API.operations[operation].input, params)


def refusal(operation: str, params: dict[str, Any]) -> str:
    with pytest.raises(ValidationException) as caught:
        validate(operation, params)
    return caught.value.message


def test_a_missing_member():
    assert refusal("create_collection", {}) == (
        "1 validation error detected: Value null at 'collectionId' failed to satisfy constraint: "
        "Member must not be null"
    )


def test_a_pattern():
    assert refusal("create_collection", {"CollectionId": "a b"}) == (
        "1 validation error detected: Value 'a b' at 'collectionId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [a-zA-Z0-9_.\-]+"
    )


def test_a_string_that_is_too_long():
    assert refusal("create_collection", {"CollectionId": "a" * 256}) == (
        f"1 validation error detected: Value '{'a' * 256}' at 'collectionId' failed to satisfy constraint: "
        "Member must have length less than or equal to 255"
    )


def test_a_string_with_a_character_that_no_database_keeps():
    assert refusal("get_face_detection", {"JobId": "a\0b"}).endswith(
        "Member must not hold the character U+0000"
    )


def test_all_violations_are_counted_and_joined():
    assert refusal("search_faces", {"CollectionId": "", "FaceId": FACE, "MaxFaces": 4097}) == (
        "3 validation errors detected: "
        "Value '' at 'collectionId' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1; "
        "Value '' at 'collectionId' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: [a-zA-Z0-9_.\-]+; "
        "Value '4097' at 'maxFaces' failed to satisfy constraint: "
        "Member must have value less than or equal to 4096"
    )


def test_a_number_below_its_range():
    assert (
        "Value '-1.0' at 'minConfidence' failed to satisfy constraint: Member must have value greater "
        in (refusal("detect_labels", {"Image": S3, "MinConfidence": -1.0}))
    )


def test_an_enumeration():
    assert refusal("index_faces", {"CollectionId": "c", "Image": S3, "QualityFilter": "BEST"}) == (
        "1 validation error detected: Value 'BEST' at 'qualityFilter' failed to satisfy constraint: "
        "Member must satisfy enum value set: [NONE, AUTO, LOW, MEDIUM, HIGH]"
    )


def test_an_enumeration_in_a_list_names_the_list():
    message = refusal("detect_faces", {"Image": S3, "Attributes": ["ALL", "EVERYTHING"]})
    assert message.startswith(
        "1 validation error detected: Value '[ALL, EVERYTHING]' at 'attributes' failed to satisfy "
        "constraint: Member must satisfy constraint: [Member must satisfy enum value set: [DEFAULT, ALL"
    )


def test_a_list_that_is_too_short_or_too_long():
    assert "Member must have length greater than or equal to 1" in refusal(
        "delete_faces", {"CollectionId": "c", "FaceIds": []}
    )
    assert "Member must have length less than or equal to 4096" in refusal(
        "delete_faces", {"CollectionId": "c", "FaceIds": [FACE] * 4097}
    )


def test_a_null_in_a_list():
    message = refusal("delete_faces", {"CollectionId": "c", "FaceIds": [None]})
    assert message.startswith("1 validation error detected: Value '[null]' at 'faceIds' failed to satisfy")
    assert "pattern: [0-9a-f]{8}-" in message
    assert message.endswith("Member must not be null]")


def test_a_nested_member_is_named_by_its_path():
    image = {"S3Object": {"Bucket": "b", "Name": "n"}}
    assert "Value 'b' at 'image.s3Object.bucket' failed" in refusal("detect_labels", {"Image": image})


def test_a_member_of_a_structure_in_a_list_is_named_by_its_number():
    regions = [{"BoundingBox": {"Left": 0.0}}, {"Polygon": [{"X": 0.0}]}]
    message = refusal(
        "detect_text",
        {"Image": S3, "Filters": {"RegionsOfInterest": regions, "WordFilter": {"MinConfidence": 101.0}}},
    )
    assert "Value '101.0' at 'filters.wordFilter.minConfidence'" in message


def test_an_empty_image_and_one_that_is_too_large_are_told_without_their_bytes():
    assert refusal("detect_labels", {"Image": {"Bytes": b""}}) == (
        "1 validation error detected: Value 'java.nio.HeapByteBuffer[pos=0 lim=0 cap=0]' at 'image.bytes' "
        "failed to satisfy constraint: Member must have length greater than or equal to 1"
    )


def test_the_size_of_an_image_is_held_to_a_setting_and_not_here():
    validate("detect_labels", {"Image": {"Bytes": bytes(5_242_881)}})


def test_tags():
    params = {"ResourceArn": "arn:aws:rekognition:us-east-1:000000000000:collection/c"}
    validate("tag_resource", {**params, "Tags": {"Größe / 大きさ": "é"}})
    assert "Map keys must satisfy constraint: [Member must have length" in refusal(
        "tag_resource", {**params, "Tags": {"aws:x": ""}}
    )
    assert "Map value must satisfy constraint: [Member must have length" in refusal(
        "tag_resource", {**params, "Tags": {"x": "*"}}
    )
    assert "length less than or equal to 200" in refusal(
        "tag_resource", {**params, "Tags": {str(number): "" for number in range(201)}}
    )


def test_an_answer_stays_short_however_much_is_wrong():
    faces = ["x" * 100] * 4000
    assert len(refusal("delete_faces", {"CollectionId": "x " * 100_000, "FaceIds": faces})) < 5000


def test_a_long_string_with_a_costly_pattern_is_refused_at_once():
    channel = {
        "RoleArn": "arn:aws:iam::123456789012:role/r",
        "SNSTopicArn": "arn:aws:sns:" + ":aaaaaaaaaaaa" * 200_000,
    }
    message = refusal("start_face_detection", {"Video": S3, "NotificationChannel": channel})
    assert "at 'notificationChannel.sNSTopicArn' failed" in message
