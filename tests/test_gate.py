"""Nothing reaches an operation but through the gate, and nothing leaves without its record."""

from __future__ import annotations

from pathlib import Path

import pytest

from regard.api.model import REKOGNITION, load_api
from regard.app import Parts
from regard.caller import LOCAL, Caller
from regard.errors import (
    AccessDeniedException,
    InternalServerError,
    InvalidParameterException,
    NotImplementedException,
    ResourceNotFoundException,
)
from regard.gate import Gate
from regard.governance.keys import Key
from regard.governance.permissions import ROLES
from regard.governance.purpose import TAG
from regard.operations import OPERATIONS


def holder(parts: Parts, role: str = "operator", **options: object) -> Caller:
    key: Key = parts.keys.create(f"{role}-{len(parts.keys.all())}", role, **options)
    return key.holder


def last_record(parts: Parts) -> dict[str, object]:
    return list(parts.audit.export())[-1]


def test_an_answer_is_recorded_with_who_what_and_how_many(parts: Parts) -> None:
    caller = holder(parts)
    parts.gate.call("create_collection", {"CollectionId": "c"}, caller, request_id="r", case="case 7")
    record = last_record(parts)
    assert record["operation"] == "CreateCollection"
    assert (record["key"], record["role"], record["request_id"]) == (caller.key_id, "operator", "r")
    assert (record["collection"], record["case"], record["outcome"]) == ("c", "case 7", "ok")


def test_a_refusal_is_recorded_too(parts: Parts) -> None:
    with pytest.raises(ResourceNotFoundException):
        parts.gate.call("describe_collection", {"CollectionId": "none"}, LOCAL)
    assert last_record(parts)["outcome"] == "ResourceNotFoundException"


def test_no_answer_leaves_when_the_record_can_not_be_written(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_: object) -> None:
        raise InternalServerError("The disk of the database is full; nothing was changed.")

    monkeypatch.setattr(parts.audit, "append", full_disk)
    with pytest.raises(InternalServerError):
        parts.gate.call("list_collections", {}, LOCAL)


def test_the_record_holds_no_picture_and_nothing_of_a_face(parts: Parts, portrait: Path) -> None:
    parts.gate.call("detect_faces", {"Image": {"Bytes": portrait.read_bytes()}}, LOCAL)
    record = last_record(parts)
    assert record["results"] == {"FaceDetails": 1}
    assert set(record) == {
        "sequence", "hash", "time", "request_id", "key", "name", "role", "operation", "collection",
        "case", "purpose", "threshold", "results", "outcome", "milliseconds", "units",
    }  # fmt: skip


def test_a_suspended_key_is_refused_from_the_next_call_on(parts: Parts) -> None:
    caller = holder(parts)
    parts.gate.call("list_collections", {}, caller)
    parts.keys.suspend(caller.key_id)
    suspended = parts.keys.find(caller.key_id)
    assert suspended is not None
    with pytest.raises(AccessDeniedException, match="suspended"):
        parts.gate.call("list_collections", {}, suspended.holder)
    assert last_record(parts)["outcome"] == "AccessDeniedException"


def test_a_role_that_may_not_is_refused_in_aws_words(parts: Parts) -> None:
    caller = holder(parts, "auditor")
    with pytest.raises(
        AccessDeniedException,
        match=r"^User: arn:aws:iam::000000000000:user/auditor-0 is not authorized to perform: "
        r"rekognition:DeleteCollection on resource: arn:aws:rekognition:us-east-1:000000000000:collection/c$",
    ):
        parts.gate.call("delete_collection", {"CollectionId": "c"}, caller)


def test_a_policy_limits_a_key_to_its_collections(parts: Parts) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "rekognition:*", "Resource": "*:collection/mine"},
    }
    caller = holder(parts, policy=policy)
    parts.gate.call("create_collection", {"CollectionId": "mine"}, caller)
    arn = "arn:aws:rekognition:us-east-1:000000000000:collection/"
    parts.gate.call("tag_resource", {"ResourceArn": arn + "mine", "Tags": {"a": "b"}}, caller)
    for operation, request in (
        ("create_collection", {"CollectionId": "yours"}),
        ("tag_resource", {"ResourceArn": arn + "yours", "Tags": {"a": "b"}}),
        (
            "tag_resource",
            {"ResourceArn": "aws:rekognition:eu-west-1:000000000000:collection/yours", "Tags": {}},
        ),
        ("list_collections", {}),
    ):
        with pytest.raises(AccessDeniedException):
            parts.gate.call(operation, request, caller)


def test_tags_at_creation_need_the_right_to_tag(parts: Parts) -> None:
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "rekognition:*", "Resource": "*"},
            {"Effect": "Deny", "Action": "rekognition:TagResource", "Resource": "*"},
        ],
    }
    caller = holder(parts, policy=policy)
    parts.gate.call("create_collection", {"CollectionId": "plain"}, caller)
    with pytest.raises(AccessDeniedException, match="rekognition:TagResource"):
        parts.gate.call("create_collection", {"CollectionId": "c", "Tags": {"a": "b"}}, caller)


def test_a_tag_that_only_looks_like_a_purpose_is_refused(parts: Parts) -> None:
    with pytest.raises(InvalidParameterException, match="regard:purpose"):
        parts.gate.call(
            "create_collection", {"CollectionId": "c", "Tags": {"Regard:Purpose": "law-enforcement"}}, LOCAL
        )


def test_the_record_holds_the_threshold_that_applied(parts: Parts, portrait: Path) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    request = {"CollectionId": "c", "Image": {"Bytes": portrait.read_bytes()}}
    parts.gate.call("search_faces_by_image", request, LOCAL)
    assert last_record(parts)["threshold"] == 80.0


@pytest.mark.parametrize("role", ROLES)
def test_an_operation_that_is_not_built_is_granted_to_nobody(parts: Parts, role: str) -> None:
    caller = holder(parts, role)
    for unbuilt in set(load_api(REKOGNITION).names) - set(OPERATIONS):
        with pytest.raises(NotImplementedException):
            parts.gate.call(unbuilt, {}, caller)


def test_an_operation_that_is_not_built_says_its_name(parts: Parts) -> None:
    gate = Gate(
        parts.settings,
        parts.models,
        parts.face_models,
        parts.stores,
        parts.audit,
        {},
        unbuilt=load_api(REKOGNITION).names,
    )
    with pytest.raises(NotImplementedException, match="^CreateFaceLivenessSession is not built"):
        gate.call("create_face_liveness_session", {}, LOCAL)


def test_a_strict_collection_refuses_a_low_threshold_and_says_so_in_the_log(
    parts: Parts, portrait: Path
) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c", "Tags": {TAG: "access-control"}}, LOCAL)
    search = {"CollectionId": "c", "Image": {"Bytes": portrait.read_bytes()}}
    with pytest.raises(InvalidParameterException, match="at least 99.0 for the purpose access-control"):
        parts.gate.call("search_faces_by_image", {**search, "FaceMatchThreshold": 98.9}, LOCAL)
    assert last_record(parts)["purpose"] == "access-control"
    parts.gate.call("search_faces_by_image", search, LOCAL)
    assert last_record(parts)["threshold"] == 99.0


def test_a_key_of_a_strict_purpose_carries_it_to_every_collection(parts: Parts, portrait: Path) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c"}, LOCAL)
    caller = holder(parts, purpose="access-control")
    image = {"Bytes": portrait.read_bytes()}
    with pytest.raises(InvalidParameterException, match="access-control"):
        parts.gate.call(
            "search_faces_by_image",
            {"CollectionId": "c", "Image": image, "FaceMatchThreshold": 80.0},
            caller,
        )
    with pytest.raises(InvalidParameterException, match="SimilarityThreshold"):
        parts.gate.call(
            "compare_faces", {"SourceImage": image, "TargetImage": image, "SimilarityThreshold": 80.0}, caller
        )


def test_a_purpose_is_lowered_by_an_admin_alone(parts: Parts) -> None:
    parts.gate.call("create_collection", {"CollectionId": "c", "Tags": {TAG: "general"}}, LOCAL)
    arn = parts.gate.call("describe_collection", {"CollectionId": "c"}, LOCAL)["CollectionARN"]
    operator = holder(parts)

    def tag(purpose: str, caller: Caller) -> None:
        parts.gate.call("tag_resource", {"ResourceArn": arn, "Tags": {TAG: purpose}}, caller)

    tag("access-control", operator)
    for lower in ("general", "missing-person"):
        with pytest.raises(AccessDeniedException, match="can't be lowered"):
            tag(lower, operator)
    with pytest.raises(AccessDeniedException, match="can't be lowered"):
        parts.gate.call("untag_resource", {"ResourceArn": arn, "TagKeys": [TAG]}, operator)
    tag("general", LOCAL)


def test_an_unknown_purpose_makes_no_collection(parts: Parts) -> None:
    with pytest.raises(InvalidParameterException, match="regard:purpose"):
        parts.gate.call("create_collection", {"CollectionId": "c", "Tags": {TAG: "fun"}}, LOCAL)
    with pytest.raises(ResourceNotFoundException):
        parts.gate.call("describe_collection", {"CollectionId": "c"}, LOCAL)
