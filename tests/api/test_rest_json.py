"""REST JSON, with botocore as the opposite party: it writes what is read and reads what is written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import HeadersDict, create_request_object, prepare_request_dict
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from regard.api.bindings import Bindings
from regard.api.messages import HttpRequest
from regard.api.model import Api
from regard.api.rest_json import RestJson
from regard.errors import (
    ResourceNotFoundException,
    ServiceError,
    UnknownOperationException,
    ValidationException,
)

SCALARS = {
    "Text": {"type": "string", "max": 40},
    "Whole": {"type": "integer"},
    "Long": {"type": "long"},
    "Number": {"type": "double"},
    "Flag": {"type": "boolean"},
    "Moment": {"type": "timestamp"},
    "Blob": {"type": "blob", "max": 64},
}
QUERY = ("Text", "Whole", "Long", "Number", "Flag", "Moment")


def bound(shape: str, location: str, name: str) -> dict[str, str]:
    return {"shape": shape, "location": location, "locationName": name}


def model() -> dict[str, Any]:
    """An API with a member in every place that is served."""
    members: dict[str, Any] = {
        "Name": bound("Text", "uri", "Name"),
        "Part": bound("Whole", "uri", "Number"),
        "Header": bound("Text", "header", "X-Regard-Note"),
        "Texts": bound("Texts", "querystring", "text"),
        "Numbers": bound("Numbers", "querystring", "number"),
        **{f"Query{name}": bound(name, "querystring", f"q{name}") for name in QUERY},
        **{f"Body{name}": {"shape": name} for name in SCALARS},
        "Nested": {"shape": "Nested"},
    }
    error = {"httpStatusCode": 404}
    return {
        "metadata": {"apiVersion": "2026-01-01", "protocol": "rest-json", "serviceId": "made"},
        "operations": {
            "PutThing": {
                "name": "PutThing",
                "http": {
                    "method": "PUT",
                    "requestUri": "/v1/names/{Name}/parts/{Number}",
                    "responseCode": 201,
                },
                "input": {"shape": "PutThingRequest"},
                "output": {"shape": "Nested"},
                "errors": [{"shape": "ResourceNotFoundException"}],
            },
            "GetThing": {
                "name": "GetThing",
                "http": {"method": "GET", "requestUri": "/v1/names/{Name}"},
                "input": {"shape": "GetThingRequest"},
                "output": {"shape": "Nested"},
            },
            "GetNewest": {
                "name": "GetNewest",
                "http": {"method": "GET", "requestUri": "/v1/names/newest"},
                "input": {"shape": "Empty"},
                "output": {"shape": "Nested"},
            },
        },
        "shapes": {
            **SCALARS,
            "Empty": {"type": "structure", "members": {}},
            "Texts": {"type": "list", "member": {"shape": "Text"}, "max": 5},
            "Numbers": {"type": "list", "member": {"shape": "Number"}},
            "TextsByName": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Texts"}},
            "PutThingRequest": {"type": "structure", "required": ["Name", "Part"], "members": members},
            "GetThingRequest": {
                "type": "structure",
                "required": ["Name"],
                "members": {"Name": bound("Text", "uri", "Name")},
            },
            "Nested": {
                "type": "structure",
                "members": {
                    "Texts": {"shape": "Texts"},
                    "Map": {"shape": "TextsByName"},
                    "Number": {"shape": "Number"},
                    "Moment": {"shape": "Moment"},
                },
            },
            "ResourceNotFoundException": {
                "type": "structure",
                "members": {"Message": {"shape": "Text"}},
                "error": error,
                "exception": True,
            },
        },
    }


API = Api("made", model())
PROTOCOL = RestJson(API)
PUT = API.operations["put_thing"]

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
values = {
    "Text": texts,
    "Whole": st.integers(-(2**31), 2**31 - 1),
    "Long": st.integers(-(2**63), 2**63 - 1),
    "Number": st.floats(allow_nan=False, allow_infinity=False, width=32),
    "Flag": st.booleans(),
    "Moment": st.integers(0, 4_102_444_800).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    "Blob": st.binary(max_size=40),
}
requests = st.fixed_dictionaries(
    {"Name": texts.filter(lambda text: text not in (".", "..")), "Part": values["Whole"]},
    optional={
        "Header": st.text("abc /=+", min_size=1).map(str.strip).filter(bool),
        "Texts": st.lists(texts, min_size=1, max_size=3),
        "Numbers": st.lists(values["Number"], min_size=1, max_size=3),
        **{f"Query{name}": values[name] for name in QUERY},
        **{f"Body{name}": values[name] for name in SCALARS},
        "Nested": st.fixed_dictionaries(
            {}, optional={"Texts": st.lists(texts, max_size=2), "Map": st.dictionaries(texts, st.just(["a"]))}
        ),
    },
)


def sent(name: str, params: dict[str, Any]) -> HttpRequest:
    """A request as botocore would send it."""
    made = create_serializer("rest-json").serialize_to_request(params, API.model.operation_model(name))
    prepare_request_dict(made, endpoint_url="http://localhost")
    prepared = create_request_object(made).prepare()
    url = urlsplit(prepared.url)
    headers = tuple(
        (key.lower(), value.decode() if isinstance(value, bytes) else value)
        for key, value in prepared.headers.items()
    )
    return HttpRequest(prepared.method, url.path, url.query, headers, prepared.body or b"")


def request(
    method: str = "PUT",
    path: str = "/v1/names/a/parts/1",
    query: str = "",
    body: Any = b"",
) -> HttpRequest:
    return HttpRequest(
        method, path, query, (), body if isinstance(body, bytes) else json.dumps(body).encode()
    )


def refusal(wrong: HttpRequest) -> str:
    with pytest.raises(ValidationException) as caught:
        PROTOCOL.read(PROTOCOL.operation(wrong), wrong)
    return caught.value.message


@settings(max_examples=200, deadline=None)
@given(params=requests)
def test_a_request_that_botocore_wrote_is_read_back(params: dict[str, Any]) -> None:
    arrived = sent("PutThing", params)
    assert PROTOCOL.operation(arrived) is PUT
    assert PROTOCOL.read(PUT, arrived) == params


@settings(max_examples=100, deadline=None)
@given(query=st.text(max_size=30), body=st.binary(max_size=60), label=st.text("abc%/é1", max_size=6))
def test_any_request_is_read_or_refused(query: str, body: bytes, label: str) -> None:
    arrived = HttpRequest("PUT", f"/v1/names/{label}/parts/1", query, (), body)
    try:
        PROTOCOL.read(PROTOCOL.operation(arrived), arrived)
    except ServiceError as error:
        assert error.status < 500  # noqa: PT017


@pytest.mark.parametrize(
    ("wrong", "place", "constraint"),
    [
        (request(query="Unknown=1"), "Unknown", "Member is not known"),
        (request(query="BodyText=a"), "BodyText", "Member is not known"),
        (request(query="qtext=a"), "qtext", "Member is not known"),
        (request(body={"Unknown": 1}), "Unknown", "Member is not known"),
        (request(body={"QueryText": "a"}), "QueryText", "Member is not known"),
        (request(body={"Name": "other"}), "Name", "Member is not known"),
        (request(body={"Nested": {"Text": []}}), "nested.Text", "Member is not known"),
        (request("GET", "/v1/names/a", body={"Name": "b"}), "Name", "Member is not known"),
        (request(path="/v1/names/a/parts/x"), "part", "Member must be a whole number"),
        (request(query="qWhole=1.5"), "queryWhole", "Member must be a whole number"),
        (request(query="qWhole="), "queryWhole", "Member must be a whole number"),
        (request(query="qWhole=%C2%B2"), "queryWhole", "Member must be a whole number"),
        (request(query="qWhole=1&qWhole=2"), "queryWhole", "Member must be a whole number"),
        (request(query="qText=1&qText=2"), "queryText", "Member must be a string"),
        (request(query="qNumber=nan"), "queryNumber", "Member must be a number"),
        (request(query="number=1&number=x"), "numbers.2.member", "Member must be a number"),
        (request(query="qFlag=yes"), "queryFlag", "Member must be true or false"),
        (request(query="qMoment=2026-02-30T00:00:00Z"), "queryMoment", "Member must be a time"),
        (request(body={"BodyText": 1}), "bodyText", "Member must be a string"),
        (request(body={"BodyWhole": True}), "bodyWhole", "Member must be a whole number"),
        (request(body={"BodyWhole": "1"}), "bodyWhole", "Member must be a whole number"),
        (request(body={"Nested": []}), "nested", "Member must be an object"),
        (request(body={"Nested": {"Texts": "a"}}), "nested.texts", "Member must be a list"),
        (request(body={"Nested": {"Texts": ["a", 1]}}), "nested.texts.2.member", "Member must be a string"),
        (request(body={"Nested": {"Map": {"a": [1]}}}), "nested.map.value.1.member", "Member must be a str"),
    ],
)
def test_a_member_that_is_foreign_is_refused_by_its_place(
    wrong: HttpRequest, place: str, constraint: str
) -> None:
    assert f" at '{place}' failed to satisfy constraint: {constraint}" in refusal(wrong)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (request(query="qWhole=3000000000"), "A number is out of the range of Integer."),
        (request(query="qNumber=1e999"), "A number is out of the range of Double."),
        (request(body={"BodyBlob": "=a"}), "A blob is not valid Base64."),
        (request(path="/v1/names/%FF/parts/1"), "The address can't be read: it is UTF-8, percent-encoded."),
        (request(query="qText=%FF"), "The address can't be read: it is UTF-8, percent-encoded."),
        (request(query="&".join(["text=a"] * 1001)), "The address has more than 1000 parameters."),
        (request(body=b"["), "The request body is not valid JSON for this operation."),
        (request(body=b"[]"), "The request body must be a JSON object."),
        (request(body=b"null"), "The request body must be a JSON object."),
    ],
)
def test_what_can_not_be_read_is_refused_in_a_sentence(wrong: HttpRequest, sentence: str) -> None:
    assert refusal(wrong) == sentence


def test_all_that_is_wrong_is_counted() -> None:
    message = refusal(request(query="qWhole=x&qFlag=y", body={"A": 1, "BodyText": 2}))
    assert message.startswith("4 validation errors detected: ")


def test_a_long_name_is_not_echoed_whole() -> None:
    assert len(refusal(request(body={"x" * 50_000: "y" * 10_000}))) < 3000


def test_an_empty_object_is_no_body() -> None:
    get = request("GET", "/v1/names/a", body={})
    assert PROTOCOL.read(PROTOCOL.operation(get), get) == {"Name": "a"}


def test_a_label_may_hold_what_would_part_a_path() -> None:
    arrived = request("GET", "/v1/names/a%2Fb%3Fc")
    assert PROTOCOL.read(PROTOCOL.operation(arrived), arrived) == {"Name": "a/b?c"}


def test_a_word_in_a_path_comes_before_a_label() -> None:
    assert PROTOCOL.operation(request("GET", "/v1/names/newest")).name == "GetNewest"
    assert PROTOCOL.operation(request("GET", "/v1/names/newer")).name == "GetThing"


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/names", "/v1/names/", "/v1/names/a/", "/v1//a", "/V1/names/a"]
)
def test_another_path_is_not_found(path: str) -> None:
    with pytest.raises(UnknownOperationException) as caught:
        PROTOCOL.operation(request("GET", path))
    assert PROTOCOL.write_error(caught.value, "r").status == 404


def test_another_method_is_refused() -> None:
    with pytest.raises(UnknownOperationException, match="another method"):
        PROTOCOL.operation(request("DELETE", "/v1/names/a"))


@settings(max_examples=50, deadline=None)
@given(
    response=st.fixed_dictionaries(
        {},
        optional={
            "Texts": st.lists(texts),
            "Map": st.dictionaries(texts, st.lists(texts)),
            "Number": values["Number"],
            "Moment": values["Moment"],
        },
    )
)
def test_botocore_reads_back_what_was_written(response: dict[str, Any]) -> None:
    answer = PROTOCOL.write(PUT, response, "request-1")
    arrived = {"status_code": answer.status, "headers": HeadersDict(answer.headers), "body": answer.body}
    parsed = create_parser("rest-json").parse(arrived, PUT.output)
    metadata = parsed.pop("ResponseMetadata")
    assert parsed == response
    assert (metadata["HTTPStatusCode"], metadata["RequestId"]) == (201, "request-1")


def test_botocore_reads_an_error_with_the_status_of_the_model() -> None:
    answer = PROTOCOL.write_error(ResourceNotFoundException("There is none: ä."), "request-1")
    arrived = {"status_code": answer.status, "headers": HeadersDict(answer.headers), "body": answer.body}
    parsed = create_parser("rest-json").parse(arrived, PUT.output)
    assert parsed["Error"]["Code"] == "ResourceNotFoundException"
    assert parsed["Error"]["Message"] == "There is none: ä."
    assert parsed["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_a_body_has_room_for_the_blobs_that_a_request_may_hold() -> None:
    assert PROTOCOL.body_limit(PUT, 5_242_880) == 65_536 + 88  # 64 bytes in Base64
    assert PROTOCOL.body_limit(API.operations["get_thing"], 5_242_880) == 65_536


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (bound("Text", "statusCode", "x"), "is not served as statusCode"),
        (bound("TextsByName", "headers", "x-"), "is not served as headers"),
        (bound("TextsByName", "querystring", "x"), "is not served as querystring"),
        (bound("Texts", "header", "x"), "is not served as header"),
        (bound("Moment", "header", "x"), "is not served as header"),
        ({"shape": "Text", "locationName": "x"}, "is not served as body"),
        (bound("Text", "uri", "Missing"), "has no label in the path"),
    ],
)
def test_a_binding_that_is_not_served_is_a_mistake_in_the_model(member: dict[str, str], message: str) -> None:
    wrong = model()
    wrong["shapes"]["GetThingRequest"]["members"]["Wrong"] = member
    with pytest.raises(ValueError, match=message):
        Bindings.of(Api("made", wrong).operations["get_thing"])
