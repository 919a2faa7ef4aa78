"""Who waits, for how long, and what a refusal costs."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
import structlog
from botocore.config import Config
from structlog.testing import capture_logs

from regard.api.request_queue import RequestQueue
from regard.errors import ThrottlingException
from regard.wire.lanes import Lane, Lanes
from tests.api.strategies import minimal_request
from tests.api.test_parse import body_of
from tests.waiting import PATIENCE

from .peer import KEY_ID, SECRET, InMemoryGate, InMemoryKeys, endpoint, exchange, send, signed
from .serving import serving


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with capture_logs():
        yield
    structlog.reset_defaults()


def test_what_examines_no_picture_does_not_wait_behind_pictures():
    go = threading.Event()

    def slow(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        assert operation != "detect_faces" or go.wait(PATIENCE)
        return {}

    picture = body_of("detect_faces", minimal_request("detect_faces"))

    async def scenario(app: Any) -> None:
        async with asyncio.TaskGroup() as group:
            pictures = [
                group.create_task(exchange(app, signed("detect_faces", picture), [picture])) for _ in range(3)
            ]
            answer = await exchange(app, signed("list_collections", b"{}"), [b"{}"])
            assert answer.status == 200
            assert not any(one.done() for one in pictures)
            go.set()
        assert [one.result().status for one in pictures] == [200, 200, 200]

    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as another:
        app = endpoint(InMemoryGate(slow))
        app.lanes = Lanes(Lane(RequestQueue(8), one), Lane(RequestQueue(8), another))
        asyncio.run(scenario(app))


def test_a_request_that_would_wait_for_too_long_is_throttled_though_there_are_places():
    queue = RequestQueue(100, workers=2, seconds=0.001)
    with queue.timed():
        time.sleep(0.1)  # so that one of the next takes 6 ms, as far as is known by then
    leave = queue.take()
    assert 0.001 < queue.expected_wait < PATIENCE
    with pytest.raises(ThrottlingException):
        queue.take()
    leave()
    queue.take()()


def test_a_refusal_looks_nothing_up_and_keeps_the_connection(monkeypatch: pytest.MonkeyPatch):
    app = endpoint(queue=1)
    leave = app.lanes.others.queue.take()
    asked: list[str] = []
    monkeypatch.setattr(InMemoryKeys, "find", lambda _, key_id: asked.append(key_id))
    answer = send(app, signed("list_collections", b"{}"), [b"{", b"}"])
    assert (answer.status, answer.code, asked) == (400, "ThrottlingException", [])
    assert "connection" not in answer.headers
    leave()
    assert send(app, signed("list_collections", b"{}"), [b"{}"]).code == "UnrecognizedClientException"
    assert len(asked) == 1


def test_boto3_comes_again_to_a_full_server_and_is_answered():
    begun, go = threading.Semaphore(0), threading.Event()

    def slow(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        begun.release()
        assert go.wait(PATIENCE)
        return {}

    def client(address: str) -> Any:
        return boto3.client(
            "rekognition",
            endpoint_url=address,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
            config=Config(retries={"mode": "standard", "total_max_attempts": 8}),
        )

    def refused(response: Any, **_: Any) -> None:
        if response is not None and response[1].get("Error", {}).get("Code") == "ThrottlingException":
            go.set()  # whoever was before it is answered

    with ThreadPoolExecutor(1) as worker, ThreadPoolExecutor(2) as others:
        app = endpoint(InMemoryGate(slow), worker, queue=1)
        with serving(app) as address:
            calls = [others.submit(client(address).list_collections)]
            assert begun.acquire(timeout=PATIENCE)
            calls.append(others.submit(client(address).list_collections))
            until = time.monotonic() + PATIENCE
            while not app.lanes.others.queue.waiting and time.monotonic() < until:
                time.sleep(0.01)
            third = client(address)
            third.meta.events.register_first("needs-retry.rekognition.*", refused)
            answer = third.list_collections()
            assert answer["ResponseMetadata"]["RetryAttempts"] >= 1
            assert all(call.result(PATIENCE)["ResponseMetadata"]["HTTPStatusCode"] == 200 for call in calls)
