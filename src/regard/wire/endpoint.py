"""The one address that SDKs call: POST `/`; and how every signed request is served.

A request's way: its target and signature's date are read from the headers; it takes a place in the queue;
its body is read; then a worker thread verifies the signature, parses, passes the gate and serialises, so
that the event loop stays free.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from regard.caller import Caller
from regard.errors import (
    InternalServerError,
    ServiceError,
    ServiceUnavailableException,
    ThrottlingException,
    UnknownOperationException,
    UnrecognizedClientException,
    ValidationException,
)
from regard.settings import Settings
from regard.wire import sigv4, spec
from regard.wire.body import Body
from regard.wire.parse import parse
from regard.wire.serialize import CONTENT_TYPE, error_headers, serialize, serialize_error
from regard.wire.validate import validate

CASE_HEADER: Final = "x-regard-case"
_CASE_LENGTH: Final = 256
_WELCOME: Final = "Regard speaks Amazon Rekognition: point an AWS SDK at this address.\nHealth: /healthz\n"

log: Any = structlog.get_logger(__name__)


class Gate(Protocol):
    """The only caller of operations."""

    def call(
        self,
        operation: str,
        params: dict[str, Any],
        caller: Caller,
        *,
        request_id: str,
        case: str | None = None,
    ) -> dict[str, Any]:
        """The response of `operation` (`detect_labels`). Raises ServiceError."""
        ...


class Keys(Protocol):
    """The access keys."""

    def find(self, key_id: str) -> tuple[str, Caller] | None:
        """A key's secret and who holds it, or None where there is no such key."""
        ...


class Dialect(Protocol):
    """How the requests at one address are read and answered."""

    targeted: bool  # whether X-Amz-Target names the operation, and so must be signed
    greeting: str | None  # for who only looks what is there
    media_type: str

    def operation(self, request: Request) -> str:
        """What a request asks for. Raises ServiceError."""
        ...

    def body_limit(self, operation: str) -> int:
        """The longest body, in bytes."""
        ...

    def read(self, operation: str, address: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """The operation's parameters, checked; `address` has those in path and query. Raises ServiceError."""
        ...

    def write(self, operation: str, response: dict[str, Any]) -> bytes:
        """The answer's body."""
        ...


class AwsJson:
    """AWS JSON 1.1."""

    targeted = True
    greeting: str | None = _WELCOME
    media_type = CONTENT_TYPE

    def __init__(self, image_bytes: int) -> None:
        self._image_bytes = image_bytes

    def operation(self, request: Request) -> str:
        if request.method != "POST":
            raise UnknownOperationException("Requests are sent with the method POST.")
        return spec.operation_of(request.headers.get("x-amz-target"))

    def body_limit(self, operation: str) -> int:
        return spec.body_limit(operation, self._image_bytes)

    def read(
        self,
        operation: str,
        address: Mapping[str, str],  # noqa: ARG002 - the path is `/`
        body: bytes,
    ) -> dict[str, Any]:
        params = parse(operation, body)
        validate(operation, params, image_bytes=self._image_bytes)
        return params

    def write(self, operation: str, response: dict[str, Any]) -> bytes:
        return serialize(operation, response)


class Line:
    """Places for the requests that wait for a worker; a request that finds none is throttled."""

    def __init__(self, places: int) -> None:
        self._places = places
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        return self._taken

    def take(self) -> Callable[[], None]:
        """Takes a place. What comes back gives it up, once, from any thread. Raises ThrottlingException."""
        with self._lock:
            if self._taken >= self._places:
                raise ThrottlingException
            self._taken += 1
        held = [True]

        def leave() -> None:
            with self._lock:
                if held:
                    held.clear()
                    self._taken -= 1

        return leave


def _now() -> datetime:
    return datetime.now(UTC)


class Endpoint:
    """An ASGI application for signed requests: for the path `/`, or for others in another dialect."""

    def __init__(
        self,
        gate: Gate,
        keys: Keys,
        settings: Settings,
        executor: Executor,
        *,
        clock: Callable[[], datetime] = _now,
        dialect: Dialect | None = None,
        line: Line | None = None,
    ) -> None:
        """Endpoints of one server share a `line`."""
        self._gate = gate
        self._dialect = dialect or AwsJson(settings.image_bytes)
        self._keys = keys
        self._executor = executor
        self._clock = clock
        self._skew = timedelta(seconds=settings.clock_skew)
        self.line = line or Line(max(1, settings.queue))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(Request(scope, receive))
        await response(scope, receive, send)

    async def handle(self, request: Request) -> Response:
        """The answer to any request whatever; nothing is raised."""
        if self._dialect.greeting is not None and request.method in ("GET", "HEAD"):
            return PlainTextResponse(self._dialect.greeting)
        started = time.perf_counter()
        request_id = str(uuid.uuid4())
        target = request.headers.get("x-amz-target", "")
        body = Body(request.receive, request.headers)
        try:
            try:
                response = await self._answer(request, body, request_id)
            except ServiceError as error:
                response = error_response(error, request_id)
            except ClientDisconnect:
                raise
            except Exception:
                log.exception("a request failed", request_id=request_id, target=target[:64])
                response = error_response(InternalServerError(), request_id)
            if not body.complete:
                await body.drain()
                response.headers["connection"] = "close"
        except ClientDisconnect:
            response = Response(status_code=499)  # nobody reads it
        log.info(
            "answered",
            request_id=request_id,
            target=target[:64],
            status=response.status_code,
            error=response.headers.get("x-amzn-errortype"),
            seconds=round(time.perf_counter() - started, 4),
        )
        return response

    async def _answer(self, request: Request, body: Body, request_id: str) -> Response:
        dialect = self._dialect
        operation = dialect.operation(request)
        headers = _headers(request.scope)
        # Refused before the body is read: a request that can't be valid must not cost its upload, nor hold
        # a place in the line.
        claim = sigv4.authorization(headers, now=self._clock(), skew=self._skew, targeted=dialect.targeted)
        # In a thread: a database that hangs must not hold up those who don't wait for it.
        key = await asyncio.to_thread(self._keys.find, claim.key_id)
        if key is None:
            raise UnrecognizedClientException
        case = _case(request)
        leave = self.line.take()
        try:
            sent = await body.read(dialect.body_limit(operation))
            signed = sigv4.SignedRequest(
                method=request.method,
                path=request.scope.get("raw_path", b"/").decode("latin-1"),
                query=request.scope.get("query_string", b"").decode("latin-1"),
                headers=headers,
                body=sent,
            )
            address = {**request.query_params, **request.path_params}
            work = partial(self._serve, leave, signed, address, key, operation, request_id, case)
            future = self._submit(work)
            future.add_done_callback(lambda _: leave())
        except BaseException:
            leave()
            raise
        content = await _unless_disconnected(future, request)
        return Response(content, media_type=dialect.media_type, headers={"x-amzn-RequestId": request_id})

    def _submit(self, work: Callable[[], bytes]) -> Future[bytes]:
        try:
            return self._executor.submit(work)
        except RuntimeError as error:  # the executor is shut down
            raise ServiceUnavailableException from error

    def _serve(
        self,
        leave: Callable[[], None],
        signed: sigv4.SignedRequest,
        address: Mapping[str, str],
        key: tuple[str, Caller],
        operation: str,
        request_id: str,
        case: str | None,
    ) -> bytes:
        """In a worker thread: from a body to a body."""
        leave()
        try:
            secret, caller = key
            targeted = self._dialect.targeted
            sigv4.verify(signed, lambda _: secret, now=self._clock(), skew=self._skew, targeted=targeted)
            params = self._dialect.read(operation, address, signed.body)
            response = self._gate.call(operation, params, caller, request_id=request_id, case=case)
            return self._dialect.write(operation, response)
        except ServiceError:
            raise
        except Exception as error:
            # Logged here, where it is logged even when the client is gone.
            log.exception("an operation failed", request_id=request_id, operation=operation)
            raise InternalServerError from error


def routes(endpoint: Endpoint) -> list[Route]:
    """The route of `/`, for every method."""
    return [Route("/", endpoint)]


def error_response(error: ServiceError, request_id: str, *, status: int | None = None) -> Response:
    """An error as the SDKs read it."""
    return Response(
        serialize_error(error, request_id),
        status_code=status or error.status,
        media_type=CONTENT_TYPE,
        headers=error_headers(error, request_id),
    )


async def not_found(_request: Request, _error: Exception) -> Response:
    """Starlette's handler of 404, in AWS's shape."""
    error = UnknownOperationException("There is nothing at this address.")
    return error_response(error, str(uuid.uuid4()), status=404)


async def _unless_disconnected(future: Future[bytes], request: Request) -> bytes:
    """The result, or ClientDisconnect when the client leaves first.

    Work that waits is then dropped. Work that has begun is finished: half an operation would be worse.
    """
    result = asyncio.wrap_future(future)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait((result, gone), return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            result.cancel()
            raise ClientDisconnect
        if result.cancelled():  # the executor was shut down
            raise ServiceUnavailableException
        return result.result()
    finally:
        gone.cancel()


def _headers(scope: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])


def _case(request: Request) -> str | None:
    """The case reference for the audit record."""
    case = request.headers.get(CASE_HEADER)
    if case is None:
        return None
    if not (0 < len(case) <= _CASE_LENGTH and case.isascii() and case.isprintable()):
        raise ValidationException(f"{CASE_HEADER} must be 1 to {_CASE_LENGTH} printable ASCII characters.")
    return case
