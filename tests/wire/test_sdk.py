"""All operations, called by boto3 over HTTP."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config

from regard.errors import ResourceNotFoundException, ThrottlingException
from tests.api.strategies import API, minimal_request

from .peer import KEY_ID, SECRET, InMemoryGate


def smallest(shape: Any) -> Any:
    """A response with one value in every place that can hold one."""
    kind = shape.type_name
    if kind == "structure":
        return {name: smallest(member) for name, member in shape.members.items()}
    if kind == "list":
        return [smallest(shape.member)]
    if kind == "map":
        return {"key": "value"}
    return {"string": "text", "blob": b"blob", "boolean": True, "float": 0.5}.get(kind, 1)


@pytest.fixture
def client(address: str, gate: InMemoryGate) -> Any:
    gate.respond = lambda operation, params: smallest(API.operations[operation].output)
    gate.calls.clear()
    return connect(address)


def connect(address: str, **config: Any) -> Any:
    options = {"retries": {"total_max_attempts": 1}, **config}
    return boto3.client(
        "rekognition",
        endpoint_url=address,
        region_name="eu-central-1",
        aws_access_key_id=KEY_ID,
        aws_secret_access_key=SECRET,
        config=Config(**options),
    )


@pytest.mark.parametrize("operation", list(API.operations))
def test_boto3_calls_each_operation(operation: str, client: Any, gate: InMemoryGate):
    params = minimal_request(operation)
    answer = getattr(client, operation)(**params)
    assert set(answer) == {*API.operations[operation].output.members, "ResponseMetadata"}
    sent = gate.calls[0][1]
    tokens = {"ClientRequestToken", "ClientToken"}  # botocore makes one where the model asks for it
    assert {name: value for name, value in sent.items() if name not in tokens - set(params)} == params
    assert answer["ResponseMetadata"]["RequestId"] == gate.calls[0][3]


def test_boto3_raises_the_modelled_exception_class(client: Any, gate: InMemoryGate):
    def missing(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        raise ResourceNotFoundException("The collection id: a does not exist")

    gate.respond = missing
    with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
        client.describe_collection(CollectionId="a")
    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "The collection id: a does not exist",
    }


def test_boto3_retries_when_it_is_throttled(address: str, gate: InMemoryGate):
    times: list[str] = []

    def busy(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        times.append(operation)
        if len(times) == 1:
            raise ThrottlingException
        return {}

    gate.respond = busy
    connect(address, retries={"mode": "standard", "total_max_attempts": 2}).list_collections()
    assert len(times) == 2


def test_two_images_of_the_largest_size_are_compared(client: Any, gate: InMemoryGate):
    image = {"Bytes": bytes(5_242_880)}
    client.compare_faces(SourceImage=image, TargetImage=image)
    assert len(gate.calls[0][1]["TargetImage"]["Bytes"]) == 5_242_880


def test_a_header_that_is_added_before_signing_reaches_the_gate(client: Any, gate: InMemoryGate):
    def add(request: Any, **_: Any) -> None:
        request.headers["X-Regard-Case"] = "4711"

    client.meta.events.register("before-sign.rekognition.*", add)
    client.list_collections()
    assert gate.calls[0][4] == "4711"
