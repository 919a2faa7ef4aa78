"""The two doors of StartFaceLivenessSession: a WebSocket for browsers, a POST for Node.js's SDK.

A browser that is refused the upgrade tells its user nothing: it is let in, and told why not in a frame. Every
stream ends with DisconnectionEvent or an exception, and code 1000: the component takes any other for a fault
of the server.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, Protocol

import structlog
from starlette.requests import Request
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from regard.api.answer import OperationGate
from regard.caller import Caller
from regard.errors import (
    AccessDeniedException,
    InternalServerError,
    ServiceError,
    ServiceQuotaExceededException,
    ServiceUnavailableException,
    UnrecognizedClientException,
    ValidationException,
)
from regard.liveness.credentials import CredentialHolder
from regard.settings import Settings
from regard.wire.endpoint import head_of
from regard.wire.eventstream import FRAME_BYTES, FrameSplitter, MalformedFrame
from regard.wire.liveness_stream import (
    ClientGone,
    LivenessStream,
    RefusingChannel,
    disconnection,
    refusal,
    streaming_code,
)
from regard.wire.presigned import StreamClaim, presigned, signed_stream
from regard.wire.signed_events import SignedEvents, StreamSigner

OPERATION: Final = "start_face_liveness_session"
PATH: Final = "/start-face-liveness-session"
_HEADER: Final = "x-amz-rekognition-streaming-liveness-"
_DRAINING: Final = 2.0  # seconds in which a client ends its request once it is answered
_MIN_SIDE: Final = 100
_SESSION: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_VERSIONS: Final = re.compile(r"(?:[A-Za-z]{1,40}_\d{1,3}\.\d{1,3}\.\d{1,3}(?:,|$)){1,10}(?<!,)", re.ASCII)

log: Any = structlog.get_logger(__name__)


class StreamKeys(Protocol):
    """Who may open streams."""

    def find(self, key_id: str) -> tuple[str, Caller] | None:
        """A key's secret and who holds it, or None where there is no such key."""
        ...

    def of_token(self, token: str, key_id: str) -> CredentialHolder:
        """For what temporary credentials are good. Raises UnrecognizedClientException."""
        ...


def _now() -> datetime:
    return datetime.now(UTC)


class LivenessDoors:
    """Both doors, and the threads that judge what comes through them."""

    def __init__(
        self,
        gate: OperationGate,
        keys: StreamKeys,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._gate = gate
        self._keys = keys
        self._clock = clock
        self._skew = timedelta(seconds=settings.clock_skew)
        self._free = threading.BoundedSemaphore(settings.liveness_streams)
        self._threads = ThreadPoolExecutor(settings.liveness_streams, thread_name_prefix="liveness")

    def routes(self) -> list[Route | WebSocketRoute]:
        """The doors, at the server's root and below any prefix that a client's endpoint has."""
        roots = ("", "/{prefix:path}")
        return [
            *(WebSocketRoute(f"{root}{PATH}-websocket", self.websocket) for root in roots),
            *(Route(f"{root}{PATH}", _PostedStream(self), methods=["POST"]) for root in roots),
        ]

    async def websocket(self, websocket: WebSocket) -> None:
        """Serves a browser."""
        await websocket.accept()
        channel, head = _WebSocketChannel(websocket), head_of(websocket.scope)
        claim = partial(presigned, head, now=self._clock(), skew=self._skew)
        with suppress(ClientGone, WebSocketDisconnect, RuntimeError):
            await self._serve(channel, claim, _parameters(dict(websocket.query_params), ""))
            await websocket.close(1000)

    async def post(self, request: Request, channel: _ChunkedChannel) -> None:
        """Serves Node.js's SDK."""
        claim = partial(signed_stream, head_of(request.scope), now=self._clock(), skew=self._skew)
        with suppress(ClientGone):
            await self._serve(channel, claim, _parameters(dict(request.headers), _HEADER))
            await channel.end()

    async def _serve(
        self, channel: RefusingChannel, claim: Callable[[], StreamClaim], parameters: Mapping[str, str | None]
    ) -> None:
        request_id = str(uuid.uuid4())
        error: ServiceError | None = None
        try:
            await self._check(channel, claim, parameters, request_id)
            await channel.send(disconnection())
        except ServiceError as refused:
            error = refused
        except ClientGone:
            raise
        except asyncio.CancelledError:  # the seconds are over that a server takes to stop
            error = ServiceUnavailableException()
        except Exception:
            log.exception("a liveness stream failed", request_id=request_id)
            error = InternalServerError()
        finally:
            log.info("streamed", request_id=request_id, error=None if error is None else error.code)
        if error is not None:
            await channel.refuse(error)

    async def _check(
        self,
        channel: RefusingChannel,
        claim: Callable[[], StreamClaim],
        parameters: Mapping[str, str | None],
        request_id: str,
    ) -> None:
        """One check, from who signed to its audit record. Raises ServiceError."""
        request = _request(parameters)
        # In a thread: a database that hangs must not hold up the other streams.
        caller, signer = await asyncio.to_thread(self._identify, claim(), request["SessionId"])
        signed = SignedEvents(signer, clock=self._clock, skew=self._skew)
        stream = LivenessStream(channel, signed, asyncio.get_running_loop())
        work = self._submit({**request, "Stream": stream}, caller, request_id)
        await stream.outcome(work)

    def _identify(self, claim: StreamClaim, session_id: str) -> tuple[Caller, StreamSigner]:
        """Who has signed, and signs the frames. Raises ServiceError."""
        if claim.token is None:
            key = self._keys.find(claim.key_id)
            if key is None:
                raise UnrecognizedClientException
            return key[1], claim.check(key[0])
        holder = self._keys.of_token(claim.token, claim.key_id)
        signer, owner = claim.check(holder.secret), self._keys.find(holder.key_id)
        if owner is None:
            raise UnrecognizedClientException
        if holder.session_id != session_id:
            raise AccessDeniedException("These credentials are for another session.")
        return owner[1], signer

    def _submit(self, request: Mapping[str, Any], caller: Caller, request_id: str) -> Future[object]:
        if not self._free.acquire(blocking=False):
            raise ServiceQuotaExceededException(
                "As many checks are under way as this server takes at a time. Try again later."
            )
        try:
            work = self._threads.submit(self._gate.answer, OPERATION, request, caller, request_id=request_id)
        except RuntimeError as error:  # the server stops
            self._free.release()
            raise ServiceUnavailableException from error
        work.add_done_callback(lambda _: self._free.release())
        return work  # type: ignore[return-value]


class _PostedStream:
    """The ASGI application of the POST, which answers while the request still comes."""

    def __init__(self, doors: LivenessDoors) -> None:
        self._doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        await self._doors.post(request, _ChunkedChannel(receive, send))


class _WebSocketChannel:
    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive(self) -> bytes | None:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise ClientGone
        data: bytes | None = message.get("bytes")
        if data is None or len(data) > FRAME_BYTES:
            raise MalformedFrame(f"A message must be a frame of {FRAME_BYTES} bytes at most.")
        return data

    async def send(self, frame: bytes) -> None:
        try:
            await self._websocket.send_bytes(frame)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise ClientGone from error

    async def refuse(self, error: ServiceError) -> None:
        await self.send(refusal(error))


class _ChunkedChannel:
    """A request and its answer in pieces. Whoever is refused before the first event gets a status for it."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._splitter = FrameSplitter()
        self._frames: list[bytes] = []
        self._has_begun = self._is_over = False

    async def receive(self) -> bytes | None:
        while not self._frames:
            if self._is_over:
                return None
            await self._read()
        return self._frames.pop(0)

    async def _read(self) -> None:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._is_over = True
            raise ClientGone
        self._is_over = not message.get("more_body", False)
        self._frames.extend(self._splitter.feed(message.get("body", b"")))

    async def send(self, frame: bytes) -> None:
        if not self._has_begun:
            await self._begin(200, {"content-type": "application/vnd.amazon.eventstream"})
        await self._send({"type": "http.response.body", "body": frame, "more_body": True})

    async def refuse(self, error: ServiceError) -> None:
        if self._has_begun:
            await self.send(refusal(error))
            return
        code, body = streaming_code(error), json.dumps({"message": error.message}).encode()
        await self._begin(error.status, {"content-type": "application/json", "x-amzn-errortype": code})
        await self._send({"type": "http.response.body", "body": body, "more_body": True})

    async def end(self) -> None:
        """Ends the answer, once the client has ended its request or had the time to: a connection that is
        closed under a client that is sending is reset, and the answer with it.
        """
        with suppress(TimeoutError, ClientGone, MalformedFrame):
            async with asyncio.timeout(_DRAINING):
                while not self._is_over:
                    self._frames.clear()
                    await self._read()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _begin(self, status: int, headers: Mapping[str, str]) -> None:
        self._has_begun = True
        fields = [
            (name.encode(), value.encode()) for name, value in {**headers, "connection": "close"}.items()
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": fields})


def _parameters(given: Mapping[str, str], prefix: str) -> dict[str, str | None]:
    """What a client says of a stream, in the query of a WebSocket or in headers that begin with `prefix`."""
    names = ("session-id", "video-width", "video-height", "challenge-versions")
    told = {name: given.get(prefix + name) for name in names}
    return {**told, "agent": given.get("x-amz-user-agent") or given.get("user-agent")}


def _request(told: Mapping[str, str | None]) -> dict[str, Any]:
    """The parameters of StartFaceLivenessSession. Raises ValidationException."""
    session_id, versions = told["session-id"] or "", told["challenge-versions"] or ""
    if not _SESSION.fullmatch(session_id):
        raise ValidationException(
            "SessionId must be the id of a session, as CreateFaceLivenessSession gives."
        )
    if not _VERSIONS.fullmatch(versions):
        raise ValidationException(
            "ChallengeVersions must list challenges as NAME_1.0.0, with commas between."
        )
    return {
        "SessionId": session_id,
        "VideoWidth": _side("VideoWidth", told["video-width"]),
        "VideoHeight": _side("VideoHeight", told["video-height"]),
        "ChallengeVersions": versions.split(","),
        "UserAgent": (told["agent"] or "")[:512],
    }


def _side(name: str, value: str | None) -> int:
    if value is None or not re.fullmatch("[0-9]{1,4}", value) or int(value) < _MIN_SIDE:
        raise ValidationException(f"{name} must be a number of pixels, {_MIN_SIDE} to 9999.")
    return int(value)
