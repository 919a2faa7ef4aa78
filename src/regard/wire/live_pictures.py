"""`/regard/v1/live/TICKET`: what a stream processor sees, as Motion JPEG, for whoever has a ticket.

WatchStream gives tickets; it is an operation like any other, with its permission and its audit record.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from regard.wire.readiness import Readiness

_BOUNDARY: Final = "picture"
_WATCHING: Final = 8  # at a time: browsers open six connections a host, and each takes a thread

Watch = Callable[[str], Iterator[bytes] | None]
"""JPEGs for a ticket; None for a ticket that is none, or whose time is over."""


def live_route(path: str, watch: Watch, readiness: Readiness) -> Route:
    """The route below `path`. A server that stops ends what is watched there."""
    free = threading.BoundedSemaphore(_WATCHING)

    def parts(pictures: Iterator[bytes]) -> Iterator[bytes]:
        for picture in pictures:
            if readiness.is_stopping:
                return
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            yield head.encode() + picture + b"\r\n"

    def live(request: Request) -> Response:
        pictures = watch(request.path_params["ticket"])
        if pictures is None:
            return PlainTextResponse("This view is over; ask for another (WatchStream).\n", status_code=403)
        if not free.acquire(blocking=False):
            return PlainTextResponse("Too many are watching; try again later.\n", status_code=503)
        return _Watched(parts(pictures), free.release)

    return Route(f"{path}/{{ticket}}", live, methods=["GET"])


class _Watched(StreamingResponse):
    """Pictures for one client, whose place is free again however it ends: a client that leaves before the
    first picture leaves an iterator behind that was never begun, and whose `finally` nobody would reach.
    """

    def __init__(self, parts: Iterator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(
            parts,
            media_type=f"multipart/x-mixed-replace; boundary={_BOUNDARY}",
            headers={"Cache-Control": "no-store"},
        )
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()
