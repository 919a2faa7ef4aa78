"""One server on several sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from regard.wire.listeners import Ending, ListeningServer, OtherListener
from regard.wire.readiness import Readiness
from tests.waiting import PATIENCE


def application(said: str) -> Starlette:
    def answer(_: Request) -> Response:
        return PlainTextResponse(said)

    return Starlette(routes=[Route(f"/{said}", answer)])


def test_another_application_is_on_its_own_socket_alone_and_both_end_together() -> None:
    inner, outer = socket.create_server(("127.0.0.1", 0)), socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application("inner"), log_level="warning", lifespan="off")
    server = ListeningServer(config, None, other=OtherListener(outer, application("outer")))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [inner]})
    thread.start()

    def status(listener: socket.socket, path: str) -> int:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}{path}"
        return httpx.get(address, timeout=PATIENCE).status_code

    ports = (inner, outer)
    assert [status(one, "/inner") for one in ports] == [200, 404]
    assert [status(one, "/outer") for one in ports] == [404, 200]
    server.should_exit = True
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_a_server_that_stops_ends_streams_before_it_waits_for_answers() -> None:
    ended = threading.Event()

    async def lines() -> AsyncIterator[bytes]:
        yield b"begun\n"
        while not ended.is_set():
            await asyncio.sleep(0.01)

    def stream(_: Request) -> Response:
        return StreamingResponse(lines())

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        Starlette(routes=[Route("/", stream)]),
        log_level="warning",
        lifespan="off",
        timeout_graceful_shutdown=round(PATIENCE),
    )
    server = ListeningServer(config, None, ending=Ending(Readiness(), end_streams=ended.set))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    with httpx.stream("GET", address, timeout=PATIENCE) as answer:
        chunks = answer.iter_bytes()
        assert next(chunks) == b"begun\n"
        server.should_exit = True
        assert list(chunks) == []
    thread.join(PATIENCE)
    assert not thread.is_alive()
