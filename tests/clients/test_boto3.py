"""boto3, unmodified, against a real server."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests import scenes

from regard.packs.install import InstalledPack


@pytest.fixture
def client(server: Any) -> Any:
    return boto3.client(
        "rekognition",
        endpoint_url=server.endpoint,
        region_name="us-east-1",
        aws_access_key_id=server.key_id,
        aws_secret_access_key=server.secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def collection(client: Any) -> Iterator[str]:
    name = f"boto3-{uuid.uuid4()}"
    client.create_collection(CollectionId=name, Tags={"made": "here"})
    yield name
    client.delete_collection(CollectionId=name)


def test_a_face_is_indexed_found_listed_and_deleted(client: Any, collection: str, portrait: Path):
    image = {"Bytes": portrait.read_bytes()}
    indexed = client.index_faces(CollectionId=collection, Image=image, ExternalImageId="portrait")
    (record,) = indexed["FaceRecords"]
    face = record["Face"]["FaceId"]
    assert record["Face"]["ExternalImageId"] == "portrait"
    assert 0 < record["Face"]["BoundingBox"]["Width"] < 1

    found = client.search_faces_by_image(CollectionId=collection, Image=image)
    assert found["FaceMatches"][0]["Face"]["FaceId"] == face
    assert found["FaceMatches"][0]["Similarity"] > 99

    pages = client.get_paginator("list_faces").paginate(
        CollectionId=collection, PaginationConfig={"PageSize": 1}
    )
    assert [item["FaceId"] for page in pages for item in page["Faces"]] == [face]

    described = client.describe_collection(CollectionId=collection)
    assert described["FaceCount"] == 1
    assert abs(described["CreationTimestamp"] - datetime.now(UTC)) < timedelta(minutes=2)

    deleted = client.delete_faces(CollectionId=collection, FaceIds=[face])
    assert deleted["DeletedFaces"] == [face]
    assert client.search_faces_by_image(CollectionId=collection, Image=image)["FaceMatches"] == []


def test_a_user_lives_from_its_first_face_to_its_end(
    client: Any, collection: str, portrait: Path, other_portrait: Path
):
    def indexed(photo: bytes) -> str:
        answer = client.index_faces(CollectionId=collection, Image={"Bytes": photo}, MaxFaces=1)
        return answer["FaceRecords"][0]["Face"]["FaceId"]

    turned = scenes.jpeg(scenes.portrait("astronaut").rotate(10, expand=True))
    own = [indexed(portrait.read_bytes()), indexed(turned)]
    stranger = indexed(other_portrait.read_bytes())
    client.create_user(CollectionId=collection, UserId="eileen")
    with pytest.raises(client.exceptions.ConflictException):
        client.create_user(CollectionId=collection, UserId="eileen")

    joined = client.associate_faces(CollectionId=collection, UserId="eileen", FaceIds=[*own, stranger])
    assert [face["FaceId"] for face in joined["AssociatedFaces"]] == own
    (refused,) = joined["UnsuccessfulFaceAssociations"]
    assert (refused["FaceId"], refused["Reasons"]) == (stranger, ["LOW_MATCH_CONFIDENCE"])
    assert refused["Confidence"] < 75
    assert joined["UserStatus"] == "ACTIVE"
    assert client.describe_collection(CollectionId=collection)["UserCount"] == 1
    pages = client.get_paginator("list_users").paginate(CollectionId=collection)
    assert [user for page in pages for user in page["Users"]] == [
        {"UserId": "eileen", "UserStatus": "ACTIVE"}
    ]

    photo, _ = scenes.group([260, 120])
    found = client.search_users_by_image(CollectionId=collection, Image={"Bytes": scenes.jpeg(photo)})
    (match,) = found["UserMatches"]
    assert match["User"] == {"UserId": "eileen", "UserStatus": "ACTIVE"}
    assert match["Similarity"] > 95
    assert found["SearchedFace"]["FaceDetail"]["Confidence"] > 90
    assert [face["Reasons"] for face in found["UnsearchedFaces"]] == [["FACE_NOT_LARGEST"]]
    by_face = client.search_users(CollectionId=collection, FaceId=own[0])
    assert by_face["UserMatches"][0]["User"]["UserId"] == "eileen"
    assert client.search_users(CollectionId=collection, UserId="eileen")["UserMatches"] == []

    held = client.delete_faces(CollectionId=collection, FaceIds=own)["UnsuccessfulFaceDeletions"]
    assert {reason for face in held for reason in face["Reasons"]} == {"ASSOCIATED_TO_AN_EXISTING_USER"}
    left = client.disassociate_faces(CollectionId=collection, UserId="eileen", FaceIds=own[:1])
    assert left["DisassociatedFaces"] == [{"FaceId": own[0]}]
    listed = client.list_faces(CollectionId=collection, UserId="eileen")["Faces"]
    assert [face["FaceId"] for face in listed] == own[1:]
    client.delete_user(CollectionId=collection, UserId="eileen")
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_user(CollectionId=collection, UserId="eileen")
    assert client.describe_collection(CollectionId=collection)["FaceCount"] == 3


def test_a_token_makes_a_request_happen_once(client: Any, collection: str):
    token = str(uuid.uuid4())
    for _ in range(2):
        client.create_user(CollectionId=collection, UserId="ann", ClientRequestToken=token)
    with pytest.raises(client.exceptions.IdempotentParameterMismatchException):
        client.create_user(CollectionId=collection, UserId="ben", ClientRequestToken=token)


def test_a_celebrity_is_recognised_and_looked_up(client: Any, server: Any, tmp_path: Path, group_photo: Path):
    scenes.portrait("astronaut").save(tmp_path / "one.jpg")
    command = [sys.executable, "-m", "regard", "celebrities"]
    where = ["--data", str(server.data)]
    add = [*command, "add", "Eileen Collins", str(tmp_path), "--url", "example.org/e", *where]
    subprocess.run(add, check=True, capture_output=True)
    try:
        answer = client.recognize_celebrities(Image={"Bytes": group_photo.read_bytes()})
        ids = {one["Id"] for one in answer["CelebrityFaces"]}
        assert {one["Name"] for one in answer["CelebrityFaces"]} == {"Eileen Collins"}
        assert answer["UnrecognizedFaces"]
        [known] = ids
        info = client.get_celebrity_info(Id=known)
        assert (info["Name"], info["Urls"]) == ("Eileen Collins", ["example.org/e"])
        assert info["KnownGender"] == {"Type": "Unlisted"}
    finally:
        subprocess.run([*command, "remove", "Eileen Collins", "--yes", *where], check=True)
    assert client.recognize_celebrities(Image={"Bytes": group_photo.read_bytes()})["CelebrityFaces"] == []
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_celebrity_info(Id=known)


def test_a_portrait_passes_moderation_and_a_human_loop_is_opened(
    client: Any, portrait: Path, nudenet_pack: InstalledPack
):
    flow = "arn:aws:sagemaker:us-east-1:123456789012:flow-definition/f"
    name = f"boto3-{uuid.uuid4()}"
    answer = client.detect_moderation_labels(
        Image={"Bytes": portrait.read_bytes()},
        MinConfidence=60,
        HumanLoopConfig={"HumanLoopName": name, "FlowDefinitionArn": flow},
    )
    assert (answer["ModerationLabels"], answer["ContentTypes"]) == ([], [])
    assert answer["ModerationModelVersion"] == "7.0"
    assert answer["HumanLoopActivationOutput"]["HumanLoopArn"].endswith(f":human-loop/{name}")


def test_every_face_of_a_group_is_listed_page_by_page(client: Any, collection: str, group_photo: Path):
    image = {"Bytes": group_photo.read_bytes()}
    indexed = client.index_faces(CollectionId=collection, Image=image, QualityFilter="NONE")
    faces = {record["Face"]["FaceId"] for record in indexed["FaceRecords"]}
    assert len(faces) > 1
    pages = list(
        client.get_paginator("list_faces").paginate(CollectionId=collection, PaginationConfig={"PageSize": 1})
    )
    assert len(pages) >= len(faces)
    assert {item["FaceId"] for page in pages for item in page["Faces"]} == faces


def test_the_paginator_of_collections_finds_the_collection(client: Any, collection: str):
    pages = client.get_paginator("list_collections").paginate(PaginationConfig={"PageSize": 1})
    assert collection in [name for page in pages for name in page["CollectionIds"]]


def test_tags_are_kept_and_taken_away(client: Any, collection: str):
    arn = client.describe_collection(CollectionId=collection)["CollectionARN"]
    client.tag_resource(ResourceArn=arn, Tags={"größe": "klein"})
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"made": "here", "größe": "klein"}
    client.untag_resource(ResourceArn=arn, TagKeys=["made"])
    assert client.list_tags_for_resource(ResourceArn=arn)["Tags"] == {"größe": "klein"}


def test_errors_are_the_modelled_exceptions_in_the_words_of_aws(client: Any, collection: str):
    with pytest.raises(client.exceptions.ResourceAlreadyExistsException) as exists:
        client.create_collection(CollectionId=collection)
    assert exists.value.response["Error"]["Message"] == f"The collection id: {collection} already exists"
    with pytest.raises(client.exceptions.ResourceNotFoundException) as missing:
        client.list_faces(CollectionId="no-such-collection")
    assert "no-such-collection" in missing.value.response["Error"]["Message"]
    with pytest.raises(client.exceptions.InvalidImageFormatException):
        client.detect_faces(Image={"Bytes": b"not an image"})
    with pytest.raises(client.exceptions.InvalidParameterException):
        client.detect_faces(Image={})


@pytest.mark.parametrize("size", [5_242_881, 9_000_000, 60_000_000])
def test_an_image_is_too_large_in_the_same_words_whatever_its_size(client: Any, size: int):
    with pytest.raises(client.exceptions.ImageTooLargeException) as caught:
        client.detect_faces(Image={"Bytes": bytes(size)})
    assert caught.value.response["Error"]["Message"] == (
        "Image size is too large. It may have 5 MB (5242880 bytes) in a request, "
        "and 15 MB (15728640 bytes) in a bucket."
    )


def test_a_picture_without_a_face_is_refused_with_the_words_that_clients_match(
    client: Any, collection: str, texture: Path
):
    with pytest.raises(client.exceptions.InvalidParameterException) as caught:
        client.search_faces_by_image(CollectionId=collection, Image={"Bytes": texture.read_bytes()})
    assert caught.value.response["Error"]["Message"] == (
        "There are no faces in the image. Should be at least 1."
    )


def test_constraints_are_refused_by_the_server(client: Any):
    with pytest.raises(ClientError) as caught:
        client.create_collection(CollectionId="not valid")
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert "Value 'not valid' at 'collectionId'" in caught.value.response["Error"]["Message"]


def test_a_wrong_secret_and_an_unknown_key_are_refused(server: Any):
    for key_id, code in (
        (server.key_id, "InvalidSignatureException"),
        ("REGARDNOSUCHKEY00000", "UnrecognizedClientException"),
    ):
        stranger = boto3.client(
            "rekognition",
            endpoint_url=server.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key_id,
            aws_secret_access_key="guessed",
        )
        with pytest.raises(ClientError) as caught:
            stranger.list_collections()
        assert caught.value.response["Error"]["Code"] == code
