"""Regard's own model, as the declaration that everything else is made from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from regard import errors
from regard.api.model import REGARD, REKOGNITION, ApiOperation, load_api, model_loader
from regard.api.rest_json import RestJson
from regard.operations import OPERATIONS as DECLARED
from regard.wire.own import ROOT
from regard.wire.sigv4 import SERVICE

API = load_api(REGARD)
OPERATIONS = pytest.mark.parametrize(
    "operation", API.operations.values(), ids=lambda operation: operation.name
)
COMMON = {"AccessDeniedException", "InternalServerError", "ThrottlingException", "ValidationException"}


def shapes(shape: Any, above: tuple[str, ...] = ()) -> Iterator[Any]:
    """A shape and all within it; fails where one holds itself."""
    assert shape.name not in above, f"{shape.name} holds itself"
    above = (*above, shape.name)
    yield shape
    inner = {"structure": lambda: shape.members.values(), "list": lambda: [shape.member]}
    inner["map"] = lambda: [shape.key, shape.value]
    for one in inner.get(shape.type_name, list)():
        yield from shapes(one, above)


def test_every_own_operation_is_in_the_model_and_every_one_of_the_model_is_declared() -> None:
    assert dict(API.names) == {
        key: one.name for key, one in DECLARED.items() if one.is_own and not one.is_local
    }


def test_no_operation_has_a_name_that_rekognition_s_have() -> None:
    assert not set(API.operations) & set(load_api(REKOGNITION).operations)


def test_every_binding_of_the_model_is_one_that_is_served() -> None:
    RestJson(API)  # raises ValueError for another


def test_requests_are_signed_for_the_service_that_the_server_accepts() -> None:
    assert API.model.signing_name == SERVICE
    assert API.model.signature_version == "v4"


@OPERATIONS
def test_an_operation_has_shapes_a_path_of_ours_and_the_errors_that_all_have(
    operation: ApiOperation,
) -> None:
    assert operation.path.startswith(f"{ROOT}/")
    assert operation.input.name == f"{operation.name}Request"
    assert operation.output.name == f"{operation.name}Response"
    assert set(operation.errors) >= COMMON
    assert operation.method in ("GET", "POST", "PUT", "DELETE")
    assert operation.method != "GET" or not RestJson(API).bindings(operation).body


@OPERATIONS
def test_an_operation_and_each_member_of_its_structures_says_what_it_is(operation: ApiOperation) -> None:
    assert operation.documentation
    for shape in [*shapes(operation.input), *shapes(operation.output)]:
        if shape.type_name == "structure" and shape.name != "S3Object":
            unsaid = [name for name, member in shape.members.items() if not member.documentation]
            assert not unsaid, shape.name


@OPERATIONS
def test_what_a_request_holds_is_bounded(operation: ApiOperation) -> None:
    for shape in shapes(operation.input):
        if shape.type_name in ("string", "list", "map", "blob"):
            assert shape.enum if shape.type_name == "string" and shape.enum else "max" in shape.metadata, (
                shape.name
            )


def test_every_error_of_the_model_is_one_of_ours() -> None:
    for shape in API.model.error_shapes:
        assert issubclass(getattr(errors, shape.error_code), errors.ServiceError)
        assert API.error_status(shape.error_code) is not None


def test_every_operation_that_pages_has_a_paginator() -> None:
    paged = {one.name for one in API.operations.values() if "NextToken" in one.output.members}
    paginators = model_loader().load_service_model(REGARD, "paginators-1")["pagination"]
    assert set(paginators) == paged


def test_no_shape_is_left_over() -> None:
    used = {
        shape.name
        for one in API.operations.values()
        for side in (one.input, one.output)
        for shape in shapes(side)
    }
    used |= {shape.name for error in API.model.error_shapes for shape in shapes(error)}
    assert set(API.model.shape_names) == used
