"""Responses and errors, as botocore's parser reads them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regard import errors
from regard.api import serialize as writing
from regard.api.serialize import ResponseShapeError, error_headers, serialize_error
from regard.errors import HumanLoopQuotaExceededException, ResourceNotFoundException, ServiceError

from .strategies import API, operations, responses

PARSER = create_parser("json")


def serialize(operation: str, response: dict[str, Any]) -> bytes:
    return writing.serialize(API.operations[operation].output, response)


def read_back(operation: str, body: bytes) -> dict[str, Any]:
    answer = {"body": body, "headers": {}, "status_code": 200}
    parsed = PARSER.parse(answer, API.operations[operation].output)
    del parsed["ResponseMetadata"]
    return parsed


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data(), operation=operations)
def test_botocore_reads_back_what_was_serialized(data: st.DataObject, operation: str):
    response = data.draw(responses(operation))
    assert read_back(operation, serialize(operation, response)) == response


def test_timestamps_are_seconds_and_none_is_left_out():
    body = serialize(
        "describe_collection",
        {"FaceCount": 1, "CreationTimestamp": datetime(2026, 1, 1, tzinfo=UTC), "CollectionARN": None},
    )
    assert json.loads(body) == {"FaceCount": 1, "CreationTimestamp": 1767225600.0}


def test_numpy_numbers_are_numbers():
    body = serialize(
        "detect_labels",
        {"Labels": [{"Name": "Cat", "Confidence": np.float32(99.5)}], "LabelModelVersion": "1"},
    )
    assert read_back("detect_labels", body)["Labels"][0]["Confidence"] == 99.5
    assert json.loads(serialize("describe_collection", {"FaceCount": np.int64(3)})) == {"FaceCount": 3}
    face = {"FaceDetails": [{"Smile": {"Value": np.bool_(True), "Confidence": np.float64(1)}}]}
    assert read_back("detect_faces", serialize("detect_faces", face)) == {
        "FaceDetails": [{"Smile": {"Value": True, "Confidence": 1.0}}]
    }


@pytest.mark.parametrize(
    ("operation", "response"),
    [
        ("detect_faces", {"FaceDetail": []}),
        ("detect_faces", {"FaceDetails": [{"Confidense": 1.0}]}),
        ("detect_faces", {"FaceDetails": {}}),
        ("detect_faces", {"FaceDetails": "no"}),
        ("detect_faces", {"FaceDetails": [{"Confidence": float("nan")}]}),
        ("detect_faces", {"FaceDetails": [{"Confidence": "1.0"}]}),
        ("detect_faces", {"FaceDetails": [{"Smile": {"Value": 1}}]}),
        ("describe_collection", {"FaceCount": 1.5}),
        ("describe_collection", {"FaceCount": True}),
        ("describe_collection", {"CollectionARN": 5}),
        ("describe_collection", {"CreationTimestamp": datetime(2026, 1, 1)}),
        ("list_tags_for_resource", {"Tags": {"key": None}}),
        ("get_face_liveness_session_results", {"ReferenceImage": {"Bytes": "text"}}),
    ],
)
def test_a_response_that_the_shape_cannot_hold_is_a_defect(operation: str, response: dict[str, Any]):
    with pytest.raises(ResponseShapeError, match=API.names[operation]):
        serialize(operation, response)


def test_a_defect_names_its_place():
    with pytest.raises(ResponseShapeError) as caught:
        serialize("detect_faces", {"FaceDetails": [{"Smile": {"Value": "yes"}}]})
    assert str(caught.value) == (
        "DetectFacesResponse: FaceDetails.Smile.Value.Boolean: a boolean can't be made of str"
    )


def test_half_of_a_surrogate_pair_in_a_response_does_not_fail():
    assert serialize("describe_collection", {"CollectionARN": "\udcff"}) == b'{"CollectionARN":"\\udcff"}'


def modelled_and_common_errors() -> list[type[ServiceError]]:
    return [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ServiceError)
    ]


@pytest.mark.parametrize("kind", modelled_and_common_errors())
def test_botocore_reads_an_error_s_code_and_message(kind: type[ServiceError]):
    error = kind("What is wrong: ä.")
    answer = {
        "body": serialize_error(error, "request-1"),
        "headers": HeadersDict(error_headers(error, "request-1", "application/json")),
        "status_code": error.status,
    }
    parsed = PARSER.parse(answer, API.operations["detect_faces"].output)
    assert parsed["Error"]["Code"] == error.code
    assert parsed["Error"]["Message"] == "What is wrong: ä."
    assert parsed["ResponseMetadata"]["RequestId"] == "request-1"


def test_every_exception_of_the_model_is_an_error_of_ours():
    modelled = {shape.name for shape in API.model.error_shapes}
    assert modelled <= {kind.__name__ for kind in modelled_and_common_errors()}


def test_an_error_has_the_form_of_rekognition_s_own():
    assert json.loads(serialize_error(ResourceNotFoundException("No."), "request-1")) == {
        "__type": "ResourceNotFoundException",
        "Code": "ResourceNotFoundException",
        "Logref": "request-1",
        "Message": "No.",
    }


def test_members_that_the_model_gives_an_exception_are_answered():
    error = HumanLoopQuotaExceededException()
    error.QuotaCode = "L-1"  # type: ignore[attr-defined]
    assert (
        json.loads(serialize_error(error, "request-1", API.error_members(error.code)))["QuotaCode"] == "L-1"
    )
