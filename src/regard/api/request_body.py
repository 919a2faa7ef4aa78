"""Reading a request's body, no further than it may go."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect
from starlette.types import Receive

from regard.errors import RequestEntityTooLargeException, ServiceError

SECONDS: Final = 60.0
"""Time that a client has to send its request. A slow client holds a place in the queue for as long."""

_DRAINED: Final = 256 * 1024 * 1024  # bytes; nothing of them is kept


class RequestTimeoutException(ServiceError):
    """Your socket connection to the server was not read from or written to within the timeout period."""


class RequestBody:
    """The body of one request. `complete` once all of it has come."""

    def __init__(self, receive: Receive, headers: Mapping[str, str]) -> None:
        self._receive = receive
        self._headers = headers
        self.complete = False
        self._is_given_up = False

    def give_up(self) -> None:
        """Whatever still comes is taken by nobody: `drain` returns at once."""
        self._is_given_up = True

    async def read(self, limit: int, *, seconds: float = SECONDS) -> bytes:
        """The body, of no more than `limit` bytes whether or not its length was announced.

        Raises RequestEntityTooLargeException, RequestTimeoutException, and Starlette's ClientDisconnect.
        """
        announced = self._headers.get("content-length", "")
        if announced.isascii() and announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
            raise RequestEntityTooLargeException
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(seconds):
                while not self.complete:
                    chunk = await self._chunk()
                    size += len(chunk)
                    if size > limit:
                        raise RequestEntityTooLargeException
                    chunks.append(chunk)
        except TimeoutError as error:
            raise RequestTimeoutException from error
        return b"".join(chunks)

    async def drain(self) -> None:
        """Takes what the client still sends, and keeps nothing, so that it comes to read the answer.

        A connection that is closed under a client that is sending is reset, and the client reports that in
        place of the answer. Bounded in bytes and seconds. A client that waits for `100 Continue` has sent
        nothing. Raises ClientDisconnect.
        """
        if self._is_given_up or self._headers.get("expect", "").lower() == "100-continue":
            return
        size = 0
        try:
            async with asyncio.timeout(SECONDS):
                while not self.complete and size < _DRAINED:
                    size += len(await self._chunk())
        except TimeoutError:
            return

    async def _chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        self.complete = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk
