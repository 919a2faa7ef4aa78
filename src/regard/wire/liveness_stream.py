"""One stream of StartFaceLivenessSession: between the event loop, which carries frames, and the thread that
judges them.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Mapping
from concurrent.futures import Future
from typing import Any, Final, Protocol, TypeVar

from regard.errors import InternalServerError, ServiceError, ValidationException
from regard.liveness.streams import (
    STREAM_SECONDS,
    VERDICT_SECONDS,
    VIDEO_BYTES,
    ClientEvent,
    StreamClosedException,
)
from regard.storage.clock import milliseconds
from regard.wire.eventstream import EventFrame, MalformedFrame, write_event, write_exception
from regard.wire.signed_events import SignedEvents

_SENDING: Final = 10.0  # seconds that a client may take to read an event
_BYTES: Final = 3 * VIDEO_BYTES // 2  # of frames in all: the video as base64, and what else is said
_FRAMES: Final = 1000

T = TypeVar("T")


class ClientGone(Exception):
    """The client has closed the connection, or it broke."""


class FrameChannel(Protocol):
    """What carries frames, over a WebSocket or over HTTP."""

    async def receive(self) -> bytes | None:
        """The next frame's bytes; None at the stream's end. Raises ClientGone and MalformedFrame."""
        ...

    async def send(self, frame: bytes) -> None:
        """Sends a frame. Raises ClientGone."""
        ...


class RefusingChannel(FrameChannel, Protocol):
    """A channel that can say why a stream isn't served."""

    async def refuse(self, error: ServiceError) -> None:
        """Sends an error, as a frame or as a status. Raises ClientGone."""
        ...


class LivenessStream:
    """The client's side of one check; see `liveness.streams.ClientStream`."""

    def __init__(self, channel: FrameChannel, signed: SignedEvents, loop: asyncio.AbstractEventLoop) -> None:
        self._channel = channel
        self._signed = signed
        self._loop = loop
        self._finished = asyncio.Event()
        self._bytes = self._frames = 0

    def receive(self, seconds: float) -> ClientEvent | None:
        data = self._await(self._channel.receive(), seconds)
        if data is None:
            return None
        self._bytes, self._frames = self._bytes + len(data), self._frames + 1
        if self._bytes > _BYTES or self._frames > _FRAMES:
            raise ValidationException("The stream has more, or longer, events than a check takes.")
        try:
            frame = self._signed.open(data)
        except MalformedFrame as error:
            raise ValidationException(str(error)) from error
        return None if frame is None else _event(frame)

    def send(self, kind: str, body: Mapping[str, Any]) -> None:
        self._await(self._channel.send(write_event(kind, body)), _SENDING)

    def finish(self) -> None:
        self._loop.call_soon_threadsafe(self._finished.set)

    async def outcome(self, work: Future[object]) -> None:
        """Waits until the thread is done, no longer than a stream may last.

        Raises ServiceError: what the thread raised, or InternalServerError when it takes too long.
        """
        result = asyncio.wrap_future(work)
        finished = asyncio.ensure_future(self._finished.wait())
        try:
            await asyncio.wait(
                (result, finished), timeout=STREAM_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            await asyncio.wait((result,), timeout=VERDICT_SECONDS if finished.done() else 0)
        finally:
            finished.cancel()
        if not result.done():
            result.add_done_callback(
                lambda done: done.cancelled() or done.exception()
            )  # which is in the record
            raise InternalServerError("The check took too long. Make another session and try again.")
        result.result()

    def _await(self, coroutine: Coroutine[Any, Any, T], seconds: float) -> T:
        """In the thread: what the event loop comes to."""
        waiting = asyncio.run_coroutine_threadsafe(asyncio.wait_for(coroutine, seconds), self._loop)
        try:
            return waiting.result()
        except TimeoutError as error:
            raise ValidationException(f"The client was silent for {seconds:.0f} seconds.") from error
        except ClientGone as error:
            raise StreamClosedException from error
        except MalformedFrame as error:
            raise ValidationException(str(error)) from error


def disconnection() -> bytes:
    """The event that ends a stream whose check is done."""
    return write_event("DisconnectionEvent", {"TimestampMillis": milliseconds()})


def refusal(error: ServiceError) -> bytes:
    """An error by the name that the streaming service's model has for it, if any."""
    return write_exception(streaming_code(error), error.message)


def streaming_code(error: ServiceError) -> str:
    """What the streaming service calls an error of Rekognition."""
    names = {
        "InternalServerError": "InternalServerException",
        "InvalidParameterException": "ValidationException",
    }
    return names.get(error.code, error.code)


def _event(frame: EventFrame) -> ClientEvent:
    headers = frame.headers
    kind = headers.get(":event-type")
    if headers.get(":message-type") != "event" or not isinstance(kind, str):
        raise ValidationException("A frame of the stream must hold an event.")
    try:
        body = json.loads(frame.payload)
    except (ValueError, RecursionError) as error:
        raise ValidationException("An event's payload must be JSON.") from error
    if not isinstance(body, dict):
        raise ValidationException("An event's payload must be a JSON object.")
    return ClientEvent(kind, body, float(milliseconds()))
