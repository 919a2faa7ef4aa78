"""What stands between a client and a Regard that plays AWS: it passes requests on, or answers a fault."""

from __future__ import annotations

import http.client
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

THROTTLED = (400, {"__type": "ThrottlingException", "message": "Slow down."})
BROKEN = (500, {"__type": "InternalServerError", "message": "Internal server error."})
EXPIRED = (400, {"__type": "ExpiredTokenException", "message": "The security token has expired."})


class FaultyAws(ThreadingHTTPServer):
    """`faults` are answered in their order before anything is passed on; `always` is answered as long as it
    is set. `asked` are the operations that came, `passed` those that reached the server behind it; while
    `held` isn't set, none is answered.
    """

    daemon_threads = True

    def __init__(self, endpoint: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(endpoint)
        self.faults: deque[tuple[int, Any]] = deque()
        self.always: tuple[int, Any] | None = None
        self.asked: list[str] = []
        self.passed: list[str] = []
        self.held = threading.Event()
        self.held.set()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyAws

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        operation = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.server.asked.append(operation)
        self.server.held.wait(60)
        fault = self.server.always or (self.server.faults.popleft() if self.server.faults else None)
        if fault is not None:
            self._answer(fault[0], json.dumps(fault[1]).encode(), "application/x-amz-json-1.1")
            return
        self.server.passed.append(operation)
        behind = http.client.HTTPConnection(self.server.behind.netloc, timeout=60)
        behind.request("POST", self.path, body, dict(self.headers))
        answer = behind.getresponse()
        self._answer(answer.status, answer.read(), answer.headers["Content-Type"])
        behind.close()

    def _answer(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def faulty_aws(endpoint: str) -> Iterator[FaultyAws]:
    """One of them before the server at `endpoint`, in a thread of its own."""
    server = FaultyAws(endpoint)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.held.set()
        server.shutdown()
        server.server_close()
        thread.join()
