"""A real HTTP server over a gate in memory."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvicorn
from starlette.applications import Starlette

from regard.wire.endpoint import routes

from .peer import InMemoryGate, endpoint


@pytest.fixture(scope="module")
def gate() -> InMemoryGate:
    return InMemoryGate()


@pytest.fixture(scope="module")
def address(gate: InMemoryGate) -> Iterator[str]:
    """The address of a real HTTP server."""
    with ThreadPoolExecutor(2) as executor, socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = Starlette(routes=list(routes(endpoint(gate, executor))))
        config = uvicorn.Config(app, ws="none", lifespan="off", log_config=None)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()
