"""An ASGI client that signs as botocore does, and an endpoint over an in-memory gate."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.types import ASGIApp

from regard.api.answer import ServedApi
from regard.api.model import REKOGNITION, load_api
from regard.api.request_queue import RequestQueue
from regard.caller import Caller
from regard.errors import AccessDeniedException
from regard.governance.released import Released
from regard.settings import Settings
from regard.wire.endpoint import Endpoint
from regard.wire.lanes import Lane, Lanes

KEY_ID, SECRET = "REGARDTESTKEY0000001", "a secret+of/the tests"


@dataclass
class InMemoryGate:
    """Answers what it is told to, and remembers what it was called with."""

    respond: Callable[[str, dict[str, Any]], dict[str, Any]] = lambda operation, params: {}
    calls: list[tuple[str, dict[str, Any], Caller, str | None, str | None]] = field(default_factory=list)

    def answer(
        self,
        operation: str,
        params: Mapping[str, Any],
        caller: Caller,
        *,
        request_id: str | None = None,
        case: str | None = None,
        pictures: Any = None,
    ) -> Released:
        self.calls.append((operation, dict(params), caller, request_id, case))
        return Released(self.respond(operation, dict(params)))


class InMemoryKeys:
    """One key."""

    def find(self, key_id: str) -> tuple[str, Caller] | None:
        return (SECRET, Caller(key_id, "the tests", "admin")) if key_id == KEY_ID else None

    def of_session(self, token: str, caller: Caller) -> Caller:
        raise AccessDeniedException("The session is over; open another one.")


class Inline(Executor):
    """Runs work at once, in the caller's thread."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - what an executor does
            future.set_exception(error)
        return future


@dataclass(frozen=True)
class Answer:
    """A response as it left the application."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["__type"]


def endpoint(gate: InMemoryGate | None = None, executor: Executor | None = None, **settings: Any) -> Endpoint:
    """Every request in one lane, whose `executor` is Inline unless another is given."""
    chosen = Settings(**settings)
    served = ServedApi.of(load_api(REKOGNITION), gate or InMemoryGate(), chosen)
    lane = Lane(RequestQueue(chosen.queue, seconds=chosen.queue_seconds), executor or Inline())
    return Endpoint(served, InMemoryKeys(), chosen, Lanes(lane, lane))


def target(operation: str) -> str:
    return f"RekognitionService.{load_api(REKOGNITION).names[operation]}"


def signed(
    operation: str,
    body: bytes,
    *,
    key_id: str = KEY_ID,
    secret: str = SECRET,
    headers: dict[str, str] | None = None,
) -> list[tuple[str, str]]:
    """The headers of a request, signed by botocore."""
    request = AWSRequest(
        "POST",
        "http://localhost/",
        data=body,
        headers={
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": target(operation),
            **(headers or {}),
        },
    )
    SigV4Auth(Credentials(key_id, secret), "rekognition", "us-east-1").add_auth(request)
    host = [] if "Host" in request.headers else [("Host", "localhost")]
    return [*host, *request.headers.items()]


def scope(
    headers: Iterable[tuple[str | bytes, str | bytes]], method: str = "POST", path: str = "/"
) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(_latin(name).lower(), _latin(value)) for name, value in headers],
    }


def send(
    app: ASGIApp,
    headers: Iterable[tuple[str | bytes, str | bytes]],
    chunks: Iterable[bytes] = (b"",),
    *,
    method: str = "POST",
    path: str = "/",
) -> Answer:
    """Sends one request, its body in chunks."""
    return asyncio.run(exchange(app, headers, chunks, method=method, path=path))


async def exchange(
    app: ASGIApp,
    headers: Iterable[tuple[str | bytes, str | bytes]],
    chunks: Iterable[bytes] = (b"",),
    *,
    method: str = "POST",
    path: str = "/",
    gone: asyncio.Event | None = None,
) -> Answer:
    """As `send`, inside an event loop. The client leaves when `gone` is set."""
    parts = list(chunks) or [b""]
    messages = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await (gone or asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def collect(message: Any) -> None:
        sent.append(message)

    await app(scope(headers, method, path), receive, collect)
    start, *bodies = sent
    return Answer(
        start["status"],
        {name.decode("latin-1"): value.decode("latin-1") for name, value in start["headers"]},
        b"".join(message.get("body", b"") for message in bodies),
    )


def _latin(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
