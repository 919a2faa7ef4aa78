from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from tests import scenes

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import (
    ImageTooLargeException,
    InvalidImageFormatException,
    InvalidParameterException,
    InvalidS3ObjectException,
    ResourceNotFoundException,
)

NO_FACES = "^There are no faces in the image. Should be at least 1.$"


@pytest.fixture
def call(parts: Parts):
    def call(operation: str, **request: object) -> dict:
        return parts.gate.call(operation, request, LOCAL)

    call("create_collection", CollectionId="c")
    return call


def picture(path: Path) -> dict[str, bytes]:
    return {"Bytes": path.read_bytes()}


def test_a_face_is_described_in_fractions_of_the_picture(call, portrait: Path) -> None:
    [face] = call("detect_faces", Image=picture(portrait))["FaceDetails"]
    assert set(face) == {"BoundingBox", "Landmarks", "Pose", "Quality", "Confidence"}
    box = face["BoundingBox"]
    points = {point["Type"]: (point["X"], point["Y"]) for point in face["Landmarks"]}
    assert list(points) == ["eyeLeft", "eyeRight", "mouthLeft", "mouthRight", "nose"]
    for x, y in points.values():
        assert box["Left"] < x < box["Left"] + box["Width"]
        assert box["Top"] < y < box["Top"] + box["Height"]
    assert points["eyeLeft"][0] < points["nose"][0] < points["eyeRight"][0]
    assert points["eyeLeft"][1] < points["nose"][1] < points["mouthLeft"][1]
    assert face["Confidence"] > 99
    assert abs(face["Pose"]["Roll"]) < 15


def test_every_face_of_a_group_is_found_the_largest_first(call, group_photo: Path) -> None:
    faces = call("detect_faces", Image=picture(group_photo))["FaceDetails"]
    areas = [face["BoundingBox"]["Width"] * face["BoundingBox"]["Height"] for face in faces]
    assert len(faces) == 8
    assert areas == sorted(areas, reverse=True)


def test_a_picture_without_a_face_has_no_faces(call, texture: Path) -> None:
    assert call("detect_faces", Image=picture(texture)) == {"FaceDetails": []}


def test_a_photo_in_a_bucket_is_read(call) -> None:
    where = {"S3Object": {"Bucket": "photos", "Name": "astronaut.jpg"}}
    assert len(call("detect_faces", Image=where)["FaceDetails"]) == 1


@pytest.mark.parametrize(
    ("image", "error"),
    [
        ({}, InvalidParameterException),
        (
            {"Bytes": b"x", "S3Object": {"Bucket": "photos", "Name": "astronaut.jpg"}},
            InvalidParameterException,
        ),
        ({"S3Object": {"Bucket": "photos"}}, InvalidParameterException),
        ({"S3Object": {"Bucket": "photos", "Name": "none.jpg"}}, InvalidS3ObjectException),
        ({"S3Object": {"Bucket": "photos", "Name": "README.md"}}, InvalidImageFormatException),
        ({"Bytes": b"GIF89a" + b"\0" * 100}, InvalidImageFormatException),
        ({"Bytes": b"\xff\xd8\xff"}, InvalidImageFormatException),
        ({"Bytes": scenes.jpeg(Image.new("RGB", (300, 300)))[:-900]}, InvalidImageFormatException),
        ({"Bytes": scenes.png(Image.new("RGB", (1, 1)))}, InvalidParameterException),
        ({"Bytes": scenes.png(Image.new("1", (30_000, 100)))}, ImageTooLargeException),
        ({"Bytes": scenes.png(Image.new("1", (10_001, 1_000)))}, ImageTooLargeException),
        ({"Bytes": b"\0" * 5_242_881}, ImageTooLargeException),
    ],
)
def test_a_picture_that_can_not_be_used_gets_the_error_that_fits(call, image: dict, error: type) -> None:
    with pytest.raises(error):
        call("detect_faces", Image=image)


def test_a_picture_that_is_cut_off_is_said_to_be(call) -> None:
    whole = scenes.jpeg(scenes.portrait("astronaut"))
    with pytest.raises(InvalidImageFormatException, match="cut off"):
        call("detect_faces", Image={"Bytes": whole[: len(whole) // 3]})
    assert call("detect_faces", Image={"Bytes": whole[:-2]}) == call("detect_faces", Image={"Bytes": whole})


def test_the_error_for_a_picture_that_is_too_large_names_the_limit(call) -> None:
    with pytest.raises(ImageTooLargeException, match="^Image size is too large. .*a side may have 10000"):
        call("detect_faces", Image={"Bytes": scenes.png(Image.new("1", (10_001, 80)))})


def test_an_enrolled_person_is_found_in_another_photo(call, portrait: Path, other_portrait: Path) -> None:
    for path in (portrait, other_portrait):
        call("index_faces", CollectionId="c", Image=picture(path), ExternalImageId=path.stem)
    turned = scenes.jpeg(scenes.portrait("astronaut").rotate(12, expand=True).resize((700, 700)), quality=60)
    found = call("search_faces_by_image", CollectionId="c", Image={"Bytes": turned})
    [match] = found["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "astronaut"
    assert 95 < match["Similarity"] <= 100
    assert found["SearchedFaceConfidence"] > 90
    assert found["SearchedFaceBoundingBox"]["Width"] > 0.1


def test_the_largest_face_is_the_one_that_is_looked_for(call, portrait: Path, other_portrait: Path) -> None:
    for path in (portrait, other_portrait):
        call("index_faces", CollectionId="c", Image=picture(path), ExternalImageId=path.stem)
    photo, _ = scenes.group([150, 300, 150])
    [match] = call("search_faces_by_image", CollectionId="c", Image={"Bytes": scenes.jpeg(photo)})[
        "FaceMatches"
    ]
    assert match["Face"]["ExternalImageId"] == "hopper"


def test_a_photo_without_a_face_searches_nothing_in_aws_words(call, texture: Path) -> None:
    with pytest.raises(InvalidParameterException, match=NO_FACES):
        call("search_faces_by_image", CollectionId="c", Image=picture(texture))


def test_index_faces_answers_what_it_stored(call, group_photo: Path) -> None:
    answer = call("index_faces", CollectionId="c", Image=picture(group_photo), QualityFilter="NONE")
    stored = [record["Face"] for record in answer["FaceRecords"]]
    assert len(stored) == 8
    assert answer["UnindexedFaces"] == []
    assert len({face["ImageId"] for face in stored}) == 1
    listed = call("list_faces", CollectionId="c")
    assert listed["Faces"] == stored
    assert call("describe_collection", CollectionId="c")["FaceCount"] == 8


def test_the_same_photo_again_gives_the_same_faces(call, group_photo: Path) -> None:
    request = {
        "CollectionId": "c",
        "Image": picture(group_photo),
        "ExternalImageId": "g",
        "QualityFilter": "NONE",
    }
    first = call("index_faces", **request, MaxFaces=3)["FaceRecords"]
    again = call("index_faces", **request)["FaceRecords"]
    assert again[:3] == first
    assert call("describe_collection", CollectionId="c")["FaceCount"] == 8


def test_the_largest_faces_are_kept_and_the_surplus_is_named(call, group_photo: Path) -> None:
    answer = call(
        "index_faces", CollectionId="c", Image=picture(group_photo), MaxFaces=2, QualityFilter="NONE"
    )
    assert len(answer["FaceRecords"]) == 2
    assert [face["Reasons"] for face in answer["UnindexedFaces"]] == [["EXCEEDS_MAX_FACES"]] * 6
    kept = min(record["Face"]["BoundingBox"]["Width"] for record in answer["FaceRecords"])
    left = max(face["FaceDetail"]["BoundingBox"]["Width"] for face in answer["UnindexedFaces"])
    assert kept > 0.9 * left


def test_faces_that_are_not_good_enough_are_named_with_their_reason(call) -> None:
    photo, _ = scenes.group([300, 56])
    answer = call("index_faces", CollectionId="c", Image={"Bytes": scenes.jpeg(photo)}, QualityFilter="HIGH")
    assert len(answer["FaceRecords"]) == 1
    [refused] = answer["UnindexedFaces"]
    assert "SMALL_BOUNDING_BOX" in refused["Reasons"]


def test_a_photo_without_a_face_enrols_nothing(call, texture: Path) -> None:
    answer = call("index_faces", CollectionId="c", Image=picture(texture))
    assert (answer["FaceRecords"], answer["UnindexedFaces"]) == ([], [])


def test_search_faces_leaves_out_the_face_it_started_from(call, portrait: Path, other_portrait: Path) -> None:
    ids = [
        call("index_faces", CollectionId="c", Image=picture(path), ExternalImageId=name)["FaceRecords"][0][
            "Face"
        ]
        for path, name in ((portrait, "a"), (portrait, "b"), (other_portrait, "c"))
    ]
    answer = call("search_faces", CollectionId="c", FaceId=ids[0]["FaceId"])
    [match] = answer["FaceMatches"]
    assert answer["SearchedFaceId"] == ids[0]["FaceId"]
    assert match["Face"]["ExternalImageId"] == "b"
    assert match["Similarity"] > 99.9


def test_a_threshold_of_zero_returns_everybody_and_max_faces_limits_them(
    call, portrait: Path, other_portrait: Path
) -> None:
    for path in (portrait, other_portrait):
        call("index_faces", CollectionId="c", Image=picture(path), ExternalImageId=path.stem)
    search = {"CollectionId": "c", "Image": picture(portrait), "FaceMatchThreshold": 0.0}
    both = call("search_faces_by_image", **search)["FaceMatches"]
    assert [match["Face"]["ExternalImageId"] for match in both] == ["astronaut", "hopper"]
    assert len(call("search_faces_by_image", **search, MaxFaces=1)["FaceMatches"]) == 1


def test_the_same_photo_matches_at_a_threshold_of_100(call, portrait: Path, other_portrait: Path) -> None:
    for path in (portrait, other_portrait):
        call("index_faces", CollectionId="c", Image=picture(path), ExternalImageId=path.stem)
    request = {"CollectionId": "c", "Image": picture(portrait), "FaceMatchThreshold": 100.0}
    [match] = call("search_faces_by_image", **request)["FaceMatches"]
    assert match["Face"]["ExternalImageId"] == "astronaut"
    images = {"SourceImage": picture(portrait), "TargetImage": picture(portrait)}
    assert len(call("compare_faces", **images, SimilarityThreshold=100.0)["FaceMatches"]) == 1


def test_a_collection_of_another_model_takes_and_matches_no_new_faces(
    call, parts: Parts, portrait: Path
) -> None:
    with parts.database.write() as connection:
        connection.exec_driver_sql("update collections set face_model_version = '0.9'")
    for operation in ("index_faces", "search_faces_by_image"):
        named = "face model 0.9, which this version of Regard doesn't know"
        with pytest.raises(InvalidParameterException, match=named):
            call(operation, CollectionId="c", Image=picture(portrait))


def test_searching_for_an_unknown_face_is_refused(call) -> None:
    with pytest.raises(InvalidParameterException, match="faceId was not found in the collection"):
        call("search_faces", CollectionId="c", FaceId="11111111-2222-3333-4444-555555555555")


def test_a_deleted_face_is_not_found_and_an_unknown_one_is_reported(call, portrait: Path) -> None:
    [record] = call("index_faces", CollectionId="c", Image=picture(portrait))["FaceRecords"]
    known, unknown = record["Face"]["FaceId"], "11111111-2222-3333-4444-555555555555"
    answer = call("delete_faces", CollectionId="c", FaceIds=[known, unknown, known])
    assert answer["DeletedFaces"] == [known]
    assert answer["UnsuccessfulFaceDeletions"] == [{"FaceId": unknown, "Reasons": ["FACE_NOT_FOUND"]}]
    assert call("search_faces_by_image", CollectionId="c", Image=picture(portrait))["FaceMatches"] == []


def test_list_faces_is_paged_and_narrowed(call, group_photo: Path) -> None:
    call("index_faces", CollectionId="c", Image=picture(group_photo), QualityFilter="NONE")
    first = call("list_faces", CollectionId="c", MaxResults=5)
    rest = call("list_faces", CollectionId="c", MaxResults=5, NextToken=first["NextToken"])
    assert len(first["Faces"]) + len(rest["Faces"]) == 8
    assert "NextToken" not in rest
    one = first["Faces"][2]
    assert call("list_faces", CollectionId="c", FaceIds=[one["FaceId"]])["Faces"] == [one]
    assert call("list_faces", CollectionId="c", UserId="nobody")["Faces"] == []


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("index_faces", {"Image": {"Bytes": b"x"}}),
        ("list_faces", {}),
        ("delete_faces", {"FaceIds": ["1"]}),
        ("search_faces", {"FaceId": "1"}),
        ("search_faces_by_image", {"Image": {"Bytes": b"x"}}),
    ],
)
def test_a_missing_collection_is_named_before_anything_is_looked_at(call, operation: str, more: dict) -> None:
    with pytest.raises(ResourceNotFoundException, match="^The collection id: none does not exist$"):
        call(operation, CollectionId="none", **more)


def test_compare_faces_splits_the_target_by_the_threshold(call, portrait: Path, group_photo: Path) -> None:
    answer = call(
        "compare_faces",
        SourceImage=picture(portrait),
        TargetImage=picture(group_photo),
        SimilarityThreshold=80.0,
    )
    similarities = [match["Similarity"] for match in answer["FaceMatches"]]
    assert len(similarities) == len(answer["UnmatchedFaces"]) == 4
    assert similarities == sorted(similarities, reverse=True)
    assert answer["SourceImageFace"]["Confidence"] > 99
    assert set(answer["FaceMatches"][0]["Face"]) == {
        "BoundingBox",
        "Landmarks",
        "Pose",
        "Quality",
        "Confidence",
    }


@pytest.mark.parametrize("without", ["SourceImage", "TargetImage"])
def test_comparing_needs_a_face_on_both_sides(call, portrait: Path, texture: Path, without: str) -> None:
    images = {"SourceImage": picture(portrait), "TargetImage": picture(portrait), without: picture(texture)}
    with pytest.raises(InvalidParameterException, match=without):
        call("compare_faces", **images)
