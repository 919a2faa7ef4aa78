"""The endpoint, over a gate in memory: what it refuses, what it never does."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from structlog.testing import capture_logs

from regard.errors import ResourceNotFoundException
from regard.wire.endpoint import not_found, routes
from tests.api.strategies import API, json_values, minimal_request, operations
from tests.api.test_parse import body_of
from tests.waiting import PATIENCE

from .peer import SECRET, InMemoryGate, endpoint, exchange, scope, send, signed, target

REQUEST = b'{"MaxResults": 3}'
LIVENESS = (
    "StartFaceLivenessSession is an operation of another service, Amazon Rekognition Streaming; "
    "at this address is Amazon Rekognition."
)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[list[Any]]:
    """Keeps the log out of the output; tests read it."""
    with capture_logs() as entries:
        yield entries
    structlog.reset_defaults()


def listing(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"CollectionIds": ["a"]}


def test_a_signed_request_reaches_the_gate_and_its_response_the_client():
    gate = InMemoryGate(listing)
    answer = send(endpoint(gate), signed("list_collections", REQUEST), [REQUEST])
    assert (answer.status, answer.json) == (200, {"CollectionIds": ["a"]})
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    operation, params, caller, request_id, case = gate.calls[0]
    assert (operation, params, caller.role, case) == ("list_collections", {"MaxResults": 3}, "admin", None)
    assert answer.headers["x-amzn-requestid"] == request_id == str(uuid.UUID(request_id))


def test_the_case_reference_is_passed_when_it_is_signed():
    gate = InMemoryGate()
    headers = signed("list_collections", REQUEST, headers={"X-Regard-Case": "4711/26"})
    assert send(endpoint(gate), headers, [REQUEST]).status == 200
    assert gate.calls[0][4] == "4711/26"


@pytest.mark.parametrize("case", ["", "x" * 257, "\xe4"])
def test_a_case_reference_that_is_empty_long_or_not_ascii_is_refused(case: str):
    headers = signed("list_collections", REQUEST, headers={"X-Regard-Case": case})
    assert send(endpoint(), headers, [REQUEST]).code == "ValidationException"


def test_an_error_of_the_gate_is_answered_with_its_code_and_the_request_id():
    def missing(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        raise ResourceNotFoundException("The collection id: a does not exist")

    answer = send(endpoint(InMemoryGate(missing)), signed("list_collections", REQUEST), [REQUEST])
    assert answer.status == 400
    assert answer.headers["x-amzn-errortype"] == "ResourceNotFoundException"
    assert answer.json["Message"] == "The collection id: a does not exist"
    assert answer.json["Logref"] == answer.headers["x-amzn-requestid"]


def broken(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    raise ZeroDivisionError("a secret of the inside")


def misspelt(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    return {"CollectionIdz": []}


@pytest.mark.parametrize("mistake", [broken, misspelt])
def test_a_mistake_of_ours_is_logged_in_full_and_answered_in_aws_s_words(mistake: Any, quiet: list[Any]):
    answer = send(endpoint(InMemoryGate(mistake)), signed("list_collections", REQUEST), [REQUEST])
    assert (answer.status, answer.code) == (500, "InternalServerError")
    assert answer.json["Message"] == "Amazon Rekognition experienced a service issue. Try your call again."
    assert b"inside" not in answer.body
    assert b"Idz" not in answer.body
    failed = [entry for entry in quiet if entry["log_level"] == "error"]
    assert len(failed) == 1
    assert failed[0]["exc_info"]
    assert failed[0]["request_id"] == answer.headers["x-amzn-requestid"]


def test_neither_the_log_nor_an_answer_holds_the_secret_or_the_signature(quiet: list[Any]):
    headers = signed("list_collections", b"{}")
    answer = send(endpoint(), headers, [REQUEST])  # another body than the one that was signed
    assert answer.code == "InvalidSignatureException"
    signature = re.search("Signature=(.+)", dict(headers)["Authorization"])[1]  # type: ignore[index]
    for text in (str(quiet), answer.body.decode(), str(answer.headers)):
        assert SECRET not in text
        assert signature not in text


def test_the_signature_comes_before_the_body_s_content():
    bad = b"{not json"
    assert send(endpoint(), signed("list_collections", bad), [bad]).code == "SerializationException"
    assert (
        send(endpoint(), signed("list_collections", bad, secret="x"), [bad]).code
        == "InvalidSignatureException"
    )
    assert send(endpoint(), [("X-Amz-Target", target("list_collections"))], [bad]).code == (
        "MissingAuthenticationTokenException"
    )


def test_an_unknown_key_an_unknown_operation_and_another_method_are_refused():
    headers = signed("list_collections", REQUEST, key_id="REGARDOTHERKEY000001")
    assert send(endpoint(), headers, [REQUEST]).code == "UnrecognizedClientException"
    other = [("X-Amz-Target", "RekognitionService.Nothing")]
    assert send(endpoint(), other, [REQUEST]).code == "UnknownOperationException"
    assert send(endpoint(), signed("list_collections", REQUEST), [REQUEST], method="PUT").status == 400


def test_an_unknown_key_is_refused_before_its_body_takes_a_place_in_the_queue():
    headers = signed("list_collections", b"", key_id="REGARDOTHERKEY000001")
    # The same upload under a known key is read, and found too large.
    answer = send(endpoint(), headers, [bytes(64 * 1024)] * 100)
    assert (answer.status, answer.code) == (400, "UnrecognizedClientException")


def test_a_target_that_was_swapped_after_signing_is_refused():
    headers = [
        (name, target("delete_collection") if name == "X-Amz-Target" else value)
        for name, value in signed("describe_collection", b'{"CollectionId": "a"}')
    ]
    gate = InMemoryGate()
    assert send(endpoint(gate), headers, [b'{"CollectionId": "a"}']).code == "InvalidSignatureException"
    assert not gate.calls


def test_a_get_says_where_to_look():
    answer = send(Starlette(routes=routes(endpoint())), [], method="GET")
    assert answer.status == 200
    assert b"/healthz" in answer.body


def test_an_unknown_path_is_answered_in_aws_s_shape():
    app = Starlette(routes=routes(endpoint()), exception_handlers={404: not_found})
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def collect(message: Any) -> None:
        sent.append(message)

    asyncio.run(app({**scope([]), "path": "/other", "raw_path": b"/other"}, receive, collect))
    assert sent[0]["status"] == 404
    told = json.loads(sent[1]["body"])
    assert (told["__type"], told["Message"]) == (
        "UnknownOperationException",
        "There is nothing at this address.",
    )


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("RekognitionService.Nothing", "Amazon Rekognition has no operation Nothing."),
        (
            "RekognitionService.StartFaceLivenessSession",
            LIVENESS,
        ),
        (
            "DynamoDB_20120810.ListTables",
            "ListTables is an operation of another service, DynamoDB; at this address is Amazon Rekognition.",
        ),
        ("<b>.DetectFaces", "The X-Amz-Target header names no Rekognition operation."),
        ("", "The X-Amz-Target header names no Rekognition operation."),
    ],
)
def test_an_operation_that_is_not_here_is_said_to_be_where_it_is(named: str, message: str):
    answer = send(endpoint(), [("X-Amz-Target", named)], [REQUEST])
    assert (answer.status, answer.json["Message"]) == (400, message)


class Slow:
    """A gate's answer that waits to be let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Semaphore(0), threading.Event()

    def __call__(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        self.begun.release()
        assert self.go.wait(PATIENCE)
        return {}


async def until(condition: Any) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.001)


def test_requests_beyond_the_queue_are_throttled_and_the_loop_stays_free():
    slow = Slow()
    headers = signed("list_collections", REQUEST)

    async def scenario(app: Any) -> list[Any]:
        tasks = [asyncio.create_task(exchange(app, headers, [REQUEST]))]
        await until(lambda: slow.begun.acquire(blocking=False))
        tasks += [asyncio.create_task(exchange(app, headers, [REQUEST])) for _ in range(2)]
        await until(lambda: app.lanes.others.queue.waiting == 2)
        throttled = await exchange(app, headers, [REQUEST])
        assert (throttled.status, throttled.code) == (400, "ThrottlingException")
        assert (await exchange(app, [], method="PUT")).code == "UnknownOperationException"
        slow.go.set()
        return [answer.status for answer in await asyncio.gather(*tasks)]

    with ThreadPoolExecutor(1) as executor:
        app = endpoint(InMemoryGate(slow), executor, queue=2)
        assert asyncio.run(scenario(app)) == [200, 200, 200]
    assert app.lanes.others.queue.waiting == 0


def test_a_request_whose_client_left_is_dropped_from_the_queue():
    slow = Slow()
    gate = InMemoryGate(slow)
    headers = signed("list_collections", REQUEST)

    async def scenario(app: Any) -> None:
        first = asyncio.create_task(exchange(app, headers, [REQUEST]))
        await until(lambda: slow.begun.acquire(blocking=False))
        gone = asyncio.Event()
        second = asyncio.create_task(exchange(app, headers, [REQUEST], gone=gone))
        await until(lambda: app.lanes.others.queue.waiting == 1)
        gone.set()
        assert (await second).status == 499
        assert app.lanes.others.queue.waiting == 0
        slow.go.set()
        assert (await first).status == 200

    with ThreadPoolExecutor(1) as executor:
        asyncio.run(scenario(endpoint(gate, executor, queue=2)))
    assert len(gate.calls) == 1


def test_a_server_that_is_stopping_says_so():
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    answer = send(endpoint(executor=executor), signed("list_collections", REQUEST), [REQUEST])
    assert (answer.status, answer.code) == (503, "ServiceUnavailableException")


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    operation=operations,
    content=st.binary(max_size=100) | json_values.map(lambda value: json.dumps(value).encode()),
)
def test_no_signed_body_makes_an_internal_error(operation: str, content: bytes):
    answer = send(endpoint(), signed(operation, content), [content])
    assert answer.status in (200, 400)
    assert answer.status == 200 or answer.code in ("SerializationException", "ValidationException")


names = st.sampled_from(
    [
        "authorization",
        "x-amz-date",
        "x-amz-target",
        "content-length",
        "host",
        "expect",
        "x-regard-case",
        "x-any",
    ]
)
values = st.binary(max_size=40) | st.sampled_from(
    [
        b"AWS4-HMAC-SHA256 Credential=a/20260101/r/rekognition/aws4_request, SignedHeaders=host, Signature=0",
        b"AWS4-HMAC-SHA256 Credential=\xff/////, SignedHeaders=, Signature=",
        b"20260101T000000Z",
        b"99999999T999999Z",
        target("detect_faces").encode(),
        b"100-continue",
        b"-1",
        b"\xb2",
    ]
)


@settings(max_examples=300, deadline=None)
@given(
    headers=st.lists(st.tuples(names, values), max_size=8),
    chunks=st.lists(st.binary(max_size=20), max_size=3),
    method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "XYZ"]),
)
def test_no_headers_make_an_internal_error(
    headers: list[tuple[str, bytes]], chunks: list[bytes], method: str
):
    answer = send(endpoint(), headers, chunks, method=method)
    assert answer.status in (200, 400, 413)
    assert answer.status == 200 or answer.headers["x-amzn-errortype"] == answer.code


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_signed_request_with_any_header_changed_makes_no_internal_error(data: st.DataObject):
    headers = dict(signed("list_collections", REQUEST))
    name = data.draw(st.sampled_from(sorted(headers)))
    answer = send(endpoint(), {**headers, name: data.draw(values)}.items(), [REQUEST])
    assert answer.status in (200, 400)


def test_the_smallest_requests_of_all_operations_pass():
    gate = InMemoryGate()
    app = endpoint(gate)
    for operation in list(API.operations):
        content = body_of(operation, minimal_request(operation))
        assert send(app, signed(operation, content), [content]).status == 200
    assert [call[0] for call in gate.calls] == list(API.operations)
