"""How every request is served.

A request's way: its operation and its signature's date are read from its head; it takes a place in the queue
of its lane; its body is read; then a worker thread verifies the signature and answers it, so that the event
loop stays free. What is public has no signature: there an address may only ask so often.
"""

from __future__ import annotations

import asyncio
import contextvars
import re
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from regard import tracing
from regard.api.answer import ServedApi
from regard.api.aws_json import CONTENT_TYPE
from regard.api.elsewhere import unknown_path
from regard.api.messages import HttpAnswer, HttpRequest
from regard.api.model import ApiOperation
from regard.api.request_body import RequestBody
from regard.api.serialize import error_headers, serialize_error
from regard.caller import NOBODY, Caller
from regard.errors import (
    InternalServerError,
    RequestEntityTooLargeException,
    ServiceError,
    ServiceUnavailableException,
    UnrecognizedClientException,
    ValidationException,
)
from regard.governance.address_limit import AddressLimit, network_of
from regard.measurements import ANSWERS, Timings
from regard.migration.elsewhere import Elsewhere
from regard.migration.shadow.answered import AnsweredRequest
from regard.settings import Settings
from regard.wire import sigv4
from regard.wire.lanes import Lane, Lanes

CASE_HEADER: Final = "x-regard-case"
SESSION_HEADER: Final = "x-regard-session"
_CASE_LENGTH: Final = 256
_LEFT: Final = 499  # what the log and the figures call it when the client has left
_THROTTLED: Final = ("ThrottlingException", "ProvisionedThroughputExceededException")
_CODES: Final = re.compile(r"(/(?:feedback|receipts)/)[^/]+")  # what only their owner may know, and no log
_WELCOME: Final = "Regard speaks Amazon Rekognition: point an AWS SDK at this address.\nHealth: /healthz\n"

Identify = Callable[[HttpRequest], Caller]
"""From a whole request to who has made it. Raises ServiceError where its signature does not hold."""

log: Any = structlog.get_logger(__name__)


class Keys(Protocol):
    """The access keys."""

    def find(self, key_id: str) -> tuple[str, Caller] | None:
        """A key's secret and who holds it, or None where there is no such key."""
        ...

    def of_session(self, token: str, caller: Caller) -> Caller:
        """The caller as the person whose session it is. Raises AccessDeniedException."""
        ...


@dataclass(slots=True)
class _Asked:
    """Which operation a request is for, as soon as that is known."""

    operation: str = "none"


def _outcome(status: int, error: str | None) -> str:
    """What became of a request, in the few words that figures have for it."""
    if status < 400:
        return "ok"
    if status == _LEFT:
        return "gone"
    if error in _THROTTLED:
        return "throttled"
    return "refused" if status < 500 else "error"


def _now() -> datetime:
    return datetime.now(UTC)


class Endpoint:
    """An ASGI application that serves an API: what is public to anybody, all else to whoever has signed."""

    def __init__(
        self,
        served: ServedApi,
        keys: Keys,
        settings: Settings,
        lanes: Lanes,
        *,
        clock: Callable[[], datetime] = _now,
        elsewhere: Elsewhere | None = None,
        timings: Timings | None = None,
    ) -> None:
        """Endpoints of one server share `lanes`. `elsewhere` is told of its answers, `timings` of how long
        each took, by operation and outcome.
        """
        self._served = served
        self._protocol = served.protocol
        self._keys = keys
        self.lanes = lanes
        self._clock = clock
        self._skew = timedelta(seconds=settings.clock_skew)
        self.limit = AddressLimit(settings.public_requests)
        self._elsewhere = elsewhere
        self._timings = timings or Timings(ANSWERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.handle(Request(scope, receive))
        await response(scope, receive, send)

    async def handle(self, request: Request) -> Response:
        """The answer to any request whatever; nothing is raised."""
        request_id = str(uuid.uuid4())
        with (
            structlog.contextvars.bound_contextvars(request_id=request_id),
            tracing.server_span(request.headers, **{"regard.request_id": request_id}),
        ):
            return await self._handle(request, request_id)

    async def _handle(self, request: Request, request_id: str) -> Response:
        started = time.perf_counter()
        asked = _Asked()
        target = _target(request)
        body = RequestBody(request.receive, request.headers)
        try:
            try:
                response = await self._answer(request, body, request_id, asked)
            except ServiceError as error:
                response = self._error(error, request_id)
            except ClientDisconnect:
                raise
            except asyncio.CancelledError:  # the seconds are over that a server takes to stop
                response = self._error(ServiceUnavailableException(), request_id)
                body.give_up()
            except Exception:
                log.exception("a request failed", request_id=request_id, target=target)
                response = self._error(InternalServerError(), request_id)
            if not body.complete:
                with suppress(asyncio.CancelledError):  # the same
                    await body.drain()
                if not body.complete:
                    response.headers["connection"] = "close"
        except ClientDisconnect:
            response = Response(status_code=_LEFT)  # nobody reads it
        error_type, seconds = response.headers.get("x-amzn-errortype"), time.perf_counter() - started
        outcome = _outcome(response.status_code, error_type)
        self._timings.observe(seconds, asked.operation, outcome)
        tracing.describe(**{"regard.outcome": outcome})
        log.info(
            "answered",
            request_id=request_id,
            target=target,
            status=response.status_code,
            error=error_type,
            seconds=round(seconds, 4),
        )
        return response

    async def _answer(self, request: Request, body: RequestBody, request_id: str, asked: _Asked) -> Response:
        head = head_of(request.scope)
        operation = self._protocol.operation(head)
        asked.operation = operation.name
        tracing.describe(name=operation.name, **{"rpc.method": operation.name})
        lane = self.lanes.lane_of(operation)
        # Before anything is looked up for it: where all is taken, a refusal must cost next to nothing.
        lane.queue.refuse_beyond()
        # Refused before the body is read: a request that can't be valid must not cost its upload, nor hold
        # a place in the queue.
        identify = await self._identify(head, operation, request)
        case = _case(request)
        leave = lane.queue.take()
        try:
            sent = await self._read(body, operation)
            whole = HttpRequest(head.method, head.path, head.query, head.headers, sent)
            work = partial(self._serve, lane, leave, whole, identify, operation, request_id, case)
            future = self._submit(lane, partial(contextvars.copy_context().run, work))
            future.add_done_callback(lambda _: leave())
        except BaseException:
            leave()
            raise
        return _response(await _unless_disconnected(future, request))

    async def _identify(self, head: HttpRequest, operation: ApiOperation, request: Request) -> Identify:
        """What tells, once the whole request is there, who has made it. Raises ServiceError."""
        if operation.is_public:
            address = request.client.host if request.client else ""
            self.limit.admit(address)
            return lambda _: replace(NOBODY, address=network_of(address))
        targeted = self._protocol.is_targeted
        claim = sigv4.authorization(head.headers, now=self._clock(), skew=self._skew, targeted=targeted)
        # In a thread: a database that hangs must not hold up those who don't wait for it.
        key = await asyncio.to_thread(self._keys.find, claim.key_id)
        if key is None:
            raise UnrecognizedClientException
        secret, caller = key

        def signer(whole: HttpRequest) -> Caller:
            sigv4.check_signature(claim, whole, secret)
            token = claim.headers.get(SESSION_HEADER)
            return caller if token is None else self._keys.of_session(token[0], caller)

        return signer

    async def _read(self, body: RequestBody, operation: ApiOperation) -> bytes:
        try:
            return await body.read(self._served.body_limit(operation))
        except RequestEntityTooLargeException as error:
            raise self._served.oversized(operation) from error

    def _submit(self, lane: Lane, work: Callable[[], HttpAnswer]) -> Future[HttpAnswer]:
        try:
            return lane.executor.submit(work)
        except RuntimeError as error:  # the executor is shut down
            raise ServiceUnavailableException from error

    def _serve(
        self,
        lane: Lane,
        leave: Callable[[], None],
        request: HttpRequest,
        identify: Identify,
        operation: ApiOperation,
        request_id: str,
        case: str | None,
    ) -> HttpAnswer:
        """In a worker thread: from a request to its answer."""
        leave()
        try:
            with lane.queue.timed():
                return self._answered(operation, request, identify(request), request_id, case)
        except ServiceError:
            raise
        except Exception as error:
            # Logged here, where it is logged even when the client is gone.
            log.exception("an operation failed", request_id=request_id, operation=operation.key)
            raise InternalServerError from error

    def _answered(
        self,
        operation: ApiOperation,
        request: HttpRequest,
        caller: Caller,
        request_id: str,
        case: str | None,
    ) -> HttpAnswer:
        """Regard's answer, which other services are told of, or one of theirs. Raises ServiceError."""
        serve = partial(self._served.answer, operation, request, caller, request_id=request_id, case=case)
        if self._elsewhere is None:
            return serve()
        started, failed = time.monotonic(), None
        try:
            own = serve()
        except ServiceError as error:
            failed, own = error, self._protocol.write_error(error, request_id)
        told = AnsweredRequest(
            operation=operation.name,
            body=request.body,
            caller=caller,
            request_id=request_id,
            status=own.status,
            error=own.headers.get("x-amzn-ErrorType"),
            answer=own.body,
            seconds=time.monotonic() - started,
        )
        theirs = self._elsewhere.answered(told)
        if theirs is not None:
            headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id}
            return HttpAnswer(theirs.status, headers, theirs.body)
        if failed is not None:
            raise failed
        return own

    def _error(self, error: ServiceError, request_id: str) -> Response:
        return _response(self._protocol.write_error(error, request_id))


async def welcome(_: Request) -> Response:
    """What somebody reads who opens the address in a browser."""
    return PlainTextResponse(_WELCOME)


def routes(endpoint: Endpoint) -> list[Route]:
    """Those of `/`: a welcome, and AWS JSON for every other method."""
    return [Route("/", welcome, methods=["GET"]), Route("/", endpoint)]


async def not_found(_: Request, _error: Exception) -> Response:
    """Starlette's handler of 404, in AWS's shape."""
    error, request_id = unknown_path(), str(uuid.uuid4())
    headers = error_headers(error, request_id, CONTENT_TYPE)
    return _response(HttpAnswer(404, headers, serialize_error(error, request_id)))


async def _unless_disconnected(future: Future[HttpAnswer], request: Request) -> HttpAnswer:
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


def head_of(scope: Scope) -> HttpRequest:
    """A request without its body; a WebSocket is opened by a GET."""
    return HttpRequest(
        method=scope.get("method", "GET"),
        path=scope.get("raw_path", b"/").decode("latin-1"),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
    )


def _target(request: Request) -> str:
    """What a request asks for, as the log names it."""
    target = request.headers.get("x-amz-target")
    if not target:
        path = _CODES.sub(r"\1…", request.scope["path"])
        target = f"{request.method} {path}"
    return target[:64]


def _response(answer: HttpAnswer) -> Response:
    return Response(answer.body, answer.status, headers=answer.headers)


def _case(request: Request) -> str | None:
    """The case reference for the audit record."""
    case = request.headers.get(CASE_HEADER)
    if case is None:
        return None
    if not (0 < len(case) <= _CASE_LENGTH and case.isascii() and case.isprintable()):
        raise ValidationException(f"{CASE_HEADER} must be 1 to {_CASE_LENGTH} printable ASCII characters.")
    return case
