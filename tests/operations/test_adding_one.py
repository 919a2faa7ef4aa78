"""An operation is added in three steps, and nothing that already stands is changed for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any

import pytest

from regard.api.answer import ServedApi
from regard.api.messages import HttpRequest
from regard.api.model import REGARD, Api, load_api
from regard.app import Parts
from regard.caller import LOCAL
from regard.context import Context
from regard.errors import AccessDeniedException, ResourceNotFoundException, ValidationException
from regard.gate import Gate
from regard.governance.permissions import Permission
from regard.operations import OPERATIONS
from regard.operations.operation import Area, Operation, table
from regard.operations.subjects import COLLECTION


# Step 1: the function.
def greet_collection(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Greets a collection."""
    return {"Greeting": f"{request.get('Word', 'Hello')}, {ctx.collection.collection_id}"}


# Step 2: its declaration, beside it.
GREETING = Operation(
    name="GreetCollection",
    run=greet_collection,
    area=Area.COLLECTIONS,
    permission=Permission.SEARCH,
    about=COLLECTION,
    notes=("Word",),
    is_own=True,
)


# Step 3: its shapes, in the API's model.
def with_shapes(model: Mapping[str, Any]) -> dict[str, Any]:
    grown = deepcopy(dict(model))
    named = {"type": "string", "min": 1, "max": 255}
    grown["shapes"] |= {
        "GreetedId": named,
        "GreetCollectionRequest": {
            "type": "structure",
            "required": ["CollectionId"],
            "members": {
                "CollectionId": {"shape": "GreetedId", "location": "uri", "locationName": "CollectionId"},
                "Word": {"shape": "GreetedId"},
            },
        },
        "GreetCollectionResponse": {"type": "structure", "members": {"Greeting": {"shape": "GreetedId"}}},
    }
    grown["operations"]["GreetCollection"] = {
        "name": "GreetCollection",
        "http": {"method": "POST", "requestUri": "/regard/v1/collections/{CollectionId}/greeting"},
        "input": {"shape": "GreetCollectionRequest"},
        "output": {"shape": "GreetCollectionResponse"},
    }
    return grown


@pytest.fixture
def served(parts: Parts) -> ServedApi:
    operations = MappingProxyType({**OPERATIONS, **table((GREETING,))})
    gate = Gate(
        parts.settings, parts.models, parts.face_models, parts.stores, parts.audit, operations, unbuilt={}
    )
    gate.call("create_collection", {"CollectionId": "people"}, LOCAL)
    return ServedApi.of(Api(REGARD, with_shapes(load_api(REGARD).document)), gate, parts.settings)


def post(
    served: ServedApi, body: dict[str, Any], role: str = "investigator", parts: Parts | None = None
) -> Any:
    path = "/regard/v1/collections/people/greeting"
    request = HttpRequest("POST", path, "", (), json.dumps(body).encode())
    caller = LOCAL if parts is None else parts.keys.create(f"a-{role}", role).holder
    operation = served.protocol.operation(request)
    return json.loads(served.answer(operation, request, caller, request_id="r").body)


def test_it_answers_over_http(served: ServedApi) -> None:
    assert post(served, {"Word": "Good evening"}) == {"Greeting": "Good evening, people"}


def test_its_request_is_held_to_its_shapes(served: ServedApi) -> None:
    for body in ({"Word": ""}, {"Word": 5}, {"Words": "x"}):
        with pytest.raises(ValidationException):
            post(served, body)


def test_roles_hold_it_or_do_not_by_its_permission(served: ServedApi, parts: Parts) -> None:
    assert post(served, {}, "reviewer", parts)
    with pytest.raises(AccessDeniedException, match="rekognition:GreetCollection"):
        post(served, {}, "auditor", parts)


def test_it_is_in_the_log_with_its_subject_and_notes(served: ServedApi, parts: Parts) -> None:
    post(served, {"Word": "Ahoy"})
    record = list(parts.audit.export())[-1]
    assert (record["operation"], record["collection"]) == ("GreetCollection", "people")
    assert record["facts"] == {"Word": "Ahoy"}


def test_a_subject_that_is_not_there_is_said_to_be_missing(served: ServedApi, parts: Parts) -> None:
    parts.gate.call("delete_collection", {"CollectionId": "people"}, LOCAL)
    with pytest.raises(ResourceNotFoundException, match="The collection id: people does not exist"):
        post(served, {})
