from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest

from regard.app import Parts
from regard.caller import LOCAL
from regard.errors import (
    InvalidPaginationTokenException,
    InvalidParameterException,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
)


@pytest.fixture
def call(parts: Parts):
    return lambda operation, **request: parts.gate.call(operation, request, LOCAL)


def test_a_new_collection_is_empty_and_described(call) -> None:
    made = call("create_collection", CollectionId="c")
    assert made["StatusCode"] == 200
    facts = call("describe_collection", CollectionId="c")
    assert facts["CollectionARN"] == made["CollectionArn"]
    assert facts["CollectionARN"] == "arn:aws:rekognition:us-east-1:000000000000:collection/c"
    assert (facts["FaceCount"], facts["UserCount"]) == (0, 0)
    assert facts["FaceModelVersion"] == made["FaceModelVersion"]
    assert abs(facts["CreationTimestamp"] - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_collection_is_made_once(call) -> None:
    call("create_collection", CollectionId="c")
    with pytest.raises(ResourceAlreadyExistsException, match="^The collection id: c already exists$"):
        call("create_collection", CollectionId="c")


def test_a_deleted_collection_is_gone(call) -> None:
    call("create_collection", CollectionId="c")
    assert call("delete_collection", CollectionId="c") == {"StatusCode": 200}
    with pytest.raises(ResourceNotFoundException):
        call("delete_collection", CollectionId="c")
    assert call("list_collections")["CollectionIds"] == []


def test_pages_list_each_collection_once(call) -> None:
    names = [f"c{n}" for n in range(7)]
    for name in names:
        call("create_collection", CollectionId=name)
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = call("list_collections", MaxResults=3, **token)
        assert len(page["CollectionIds"]) == len(page["FaceModelVersions"]) <= 3
        seen += page["CollectionIds"]
        if "NextToken" not in page:
            break
        token = {"NextToken": page["NextToken"]}
    assert seen == names


def forged(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


@pytest.mark.parametrize(
    "token",
    [
        *("x", "bm8=", "é", "[" * 5000),
        *map(forged, (["faces/1", 3], ["collections", "\ud800"], ["collections", True], ["collections", -1])),
        *map(forged, (["collections", 2**63], ["collections", 1.5], ["collections"], {"a": 1}, 7)),
    ],
)
def test_a_token_from_elsewhere_is_refused(call, token: str) -> None:
    with pytest.raises(InvalidPaginationTokenException, match="^Invalid Pagination Token$"):
        call("list_collections", NextToken=token)


def test_tokens_are_short_however_long_the_ids_are(call) -> None:
    for n in range(3):
        call("create_collection", CollectionId=str(n) + "c" * 254)
    assert len(call("list_collections", MaxResults=2)["NextToken"]) <= 255


def test_tags_are_added_replaced_listed_and_removed(call) -> None:
    arn = call("create_collection", CollectionId="c", Tags={"a": "1"})["CollectionArn"]
    call("tag_resource", ResourceArn=arn, Tags={"a": "2", "b": ""})
    assert call("list_tags_for_resource", ResourceArn=arn) == {"Tags": {"a": "2", "b": ""}}
    call("untag_resource", ResourceArn=arn, TagKeys=["a", "unknown"])
    assert call("list_tags_for_resource", ResourceArn=arn) == {"Tags": {"b": ""}}


def test_an_arn_without_its_prefix_is_understood(call) -> None:
    arn = call("create_collection", CollectionId="c")["CollectionArn"]
    call("tag_resource", ResourceArn=arn.removeprefix("arn:"), Tags={"a": "1"})
    assert call("list_tags_for_resource", ResourceArn=arn) == {"Tags": {"a": "1"}}


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:rekognition:us-east-1:000000000000:collection/none",
        "arn:aws:rekognition:us-east-1:000000000000:project/p/1",
        "arn:aws:s3:::a-bucket-somewhere",
    ],
)
def test_tags_of_what_is_not_there_are_refused(call, arn: str) -> None:
    for operation, more in (
        ("tag_resource", {"Tags": {"a": "b"}}),
        ("untag_resource", {"TagKeys": ["a"]}),
        ("list_tags_for_resource", {}),
    ):
        with pytest.raises(ResourceNotFoundException):
            call(operation, ResourceArn=arn, **more)


def test_the_two_hundred_and_first_tag_is_refused(call) -> None:
    arn = call("create_collection", CollectionId="c", Tags={str(n): "" for n in range(200)})["CollectionArn"]
    call("tag_resource", ResourceArn=arn, Tags={"0": "again"})
    with pytest.raises(ServiceQuotaExceededException):
        call("tag_resource", ResourceArn=arn, Tags={"200": ""})


def test_reserved_tags_are_refused(call) -> None:
    with pytest.raises(InvalidParameterException, match="aws:"):
        call("create_collection", CollectionId="c", Tags={"aws:x": "1"})
