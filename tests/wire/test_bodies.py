"""Bodies of requests at the endpoint: too large, in pieces, or never ending."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from regard.api.request_body import RequestBody, RequestTimeoutException

from .peer import endpoint, scope, send, signed

REQUEST = b'{"MaxResults": 3}'


@pytest.fixture(autouse=True)
def quiet() -> Iterator[list[Any]]:
    """Keeps the log out of the output; tests read it."""
    with capture_logs() as entries:
        yield entries
    structlog.reset_defaults()


def test_a_body_that_is_announced_too_large_is_not_kept():
    headers = [*signed("list_collections", b""), ("Content-Length", "9" * 30)]
    answer = send(endpoint(), headers, [bytes(1000)])
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")


def test_an_image_that_is_too_large_to_be_read_is_said_to_be_one():
    headers = [*signed("detect_faces", b""), ("Content-Length", "9" * 30)]
    answer = send(endpoint(image_bytes=3 * 2**20), headers, [bytes(1000)])
    assert (answer.status, answer.code) == (400, "ImageTooLargeException")
    assert answer.json["Message"] == (
        "Image size is too large. It may have 3 MB (3145728 bytes) in a request, "
        "and 15 MB (15728640 bytes) in a bucket."
    )


def refused_upload(*extra: tuple[str, str]) -> tuple[int, int]:
    """The status of an upload that is refused at once, and how many of its five chunks were not taken."""
    left = [
        {"type": "http.request", "body": bytes(1000), "more_body": number > 0}
        for number in reversed(range(5))
    ]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    async def collect(message: Any) -> None:
        sent.append(message)

    asyncio.run(endpoint()(scope(extra), receive, collect))
    return sent[0]["status"], len(left)


def test_a_refused_upload_is_taken_so_that_the_client_reads_the_answer():
    assert refused_upload() == (400, 0)


def test_a_refused_upload_without_end_is_given_up():
    taken: list[bytes] = []
    chunk = bytes(2**20)

    async def receive() -> dict[str, Any]:
        taken.append(chunk)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def ignore(_: Any) -> None:
        pass

    asyncio.run(endpoint()(scope([]), receive, ignore))
    assert len(taken) == 256


def test_a_refused_upload_that_waits_to_be_asked_for_is_not_asked_for():
    assert refused_upload(("Expect", "100-continue")) == (400, 5)


def test_a_body_without_a_length_is_counted_as_it_comes():
    answer = send(endpoint(), signed("list_collections", b""), [bytes(64 * 1024)] * 100)
    assert (answer.status, answer.code) == (413, "RequestEntityTooLargeException")


def test_the_body_in_many_chunks_is_the_body():
    chunks = [bytes([byte]) for byte in REQUEST]
    assert send(endpoint(), signed("list_collections", REQUEST), chunks).status == 200


def test_a_client_that_stops_sending_is_timed_out():
    async def silent() -> dict[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(RequestTimeoutException):
        asyncio.run(RequestBody(silent, {}).read(10, seconds=0.01))
