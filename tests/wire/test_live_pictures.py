"""The route of live pictures: how many watch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect

from regard.wire.live_pictures import live_route
from regard.wire.readiness import Readiness

SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0", "spec_version": "2.4"},
    "method": "GET",
    "path": "/live/ticket",
    "raw_path": b"/live/ticket",
    "query_string": b"",
    "headers": [],
}


def one_picture(_ticket: str) -> Iterator[bytes]:
    yield b"a picture"


async def watch(application: Starlette, *, is_gone: bool) -> int | None:
    """The status that a client is answered; None for a client that has left by then."""
    status: int | None = None

    async def receive() -> Any:
        return {"type": "http.request"}

    async def send(message: Any) -> None:
        nonlocal status
        if is_gone:
            raise OSError
        status = message.get("status", status)

    try:
        await application(dict(SCOPE), receive, send)
    except ClientDisconnect:
        return None
    return status


def test_clients_that_leave_before_the_first_picture_leave_their_place_to_others() -> None:
    application = Starlette(routes=[live_route("/live", one_picture, Readiness())])

    async def watched() -> list[int | None]:
        return [await watch(application, is_gone=True) for _ in range(10)] + [
            await watch(application, is_gone=False)
        ]

    assert asyncio.run(watched()) == [None] * 10 + [200]
