"""`/healthz` and `/readyz`: whether this process lives, and whether requests should be sent to it.

They differ while a server stops: it lives, and finishes what is under way, but a load balancer should send it
nothing more. Neither asks the database: to restart a server, or to send its requests to the next, would not
bring that back, and clients try again what is answered 500.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READY: Final = "ok"
STOPPING: Final = "stopping"


class Readiness:
    """Whether a server takes requests. It listens once its models are loaded, so it begins ready."""

    def __init__(self) -> None:
        self._is_stopping = False  # written by a signal's handler: nothing that locks

    @property
    def is_stopping(self) -> bool:
        return self._is_stopping

    def stop(self) -> None:
        """From now on `/readyz` says no. It may be called in a signal's handler."""
        self._is_stopping = True

    def routes(self) -> list[Route]:
        """Both probes, for anybody."""

        async def healthz(_: Request) -> Response:
            return JSONResponse(self._told())

        async def readyz(_: Request) -> Response:
            return JSONResponse(self._told(), 503 if self._is_stopping else 200)

        return [Route("/healthz", healthz), Route("/readyz", readyz)]

    def _told(self) -> dict[str, str]:
        return {"status": STOPPING if self._is_stopping else READY, "version": version("regard")}


class ClosingConnections:
    """An ASGI application around another: while the server stops, each answer ends its connection.

    A client that keeps connections open so leaves them one by one, after an answer, and finds none closed
    under a request that it has just sent.
    """

    def __init__(self, application: ASGIApp, readiness: Readiness) -> None:
        self._application = application
        self._readiness = readiness

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return

        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and self._readiness.is_stopping:
                kept = [one for one in message.get("headers", ()) if one[0].lower() != b"connection"]
                message = {**message, "headers": [*kept, (b"connection", b"close")]}
            await send(message)

        await self._application(scope, receive, closing)
