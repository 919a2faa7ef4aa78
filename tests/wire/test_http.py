"""What HTTP allows a client to do, over real connections to the real HTTP server."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.waiting import PATIENCE

from .peer import InMemoryGate, signed

BODY = b'{"MaxResults": 3}'
ANSWER = {"CollectionIds": ["a"]}


class Connection:
    """A connection on which a test says what it likes."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._file = connected.makefile("rb")

    def send(self, *headers: tuple[str, str], body: bytes = b"", version: str = "1.1") -> None:
        lines = [f"POST / HTTP/{version}", *(f"{name}: {value}" for name, value in headers), "", ""]
        self._socket.sendall("\r\n".join(lines).encode("latin-1") + body)

    def send_more(self, body: bytes) -> None:
        self._socket.sendall(body)

    def read(self) -> tuple[int, dict[str, str], Any]:
        """The status, the headers and the JSON of the next answer."""
        status = int(self._file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self._file.readline().strip():
            name, value = line.decode("latin-1").split(": ", 1)
            headers[name.lower()] = value
        length = int(headers.get("content-length", 0))
        return status, headers, json.loads(self._file.read(length)) if length else None

    def is_closed(self) -> bool:
        return self._file.read() == b""


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), PATIENCE) as made:
        yield Connection(made)


@pytest.fixture
def connection(address: str, gate: InMemoryGate) -> Iterator[Connection]:
    gate.respond = lambda operation, params: ANSWER if params == json.loads(BODY) else {}
    with connected(address) as made:
        yield made


def request(body: bytes = BODY, **headers: str) -> list[tuple[str, str]]:
    return signed("list_collections", body, headers=headers)


def length(body: bytes) -> tuple[str, str]:
    return ("Content-Length", str(len(body)))


def test_a_body_in_chunks_is_the_body(connection: Connection) -> None:
    connection.send(*request(), ("Transfer-Encoding", "chunked"))
    for part in re.findall(b".{1,5}", BODY):
        connection.send_more(b"%x\r\n%b\r\n" % (len(part), part))
    connection.send_more(b"0\r\n\r\n")
    assert connection.read()[::2] == (200, ANSWER)


def test_a_client_that_waits_to_be_asked_for_its_body_is_asked(connection: Connection) -> None:
    connection.send(*request(), length(BODY), ("Expect", "100-continue"))
    assert connection.read()[0] == 100
    connection.send_more(BODY)
    assert connection.read()[::2] == (200, ANSWER)


def test_a_client_that_waits_and_is_refused_is_not_asked_for_its_body(connection: Connection) -> None:
    headers = signed("list_collections", BODY, key_id="REGARDOTHERKEY000001")
    connection.send(*headers, length(BODY), ("Expect", "100-continue"))
    status, headers_answered, told = connection.read()
    assert (status, told["__type"]) == (400, "UnrecognizedClientException")
    assert headers_answered["connection"] == "close"
    assert connection.is_closed()


def test_http_1_0_is_answered_and_its_connection_closed(connection: Connection) -> None:
    connection.send(*request(), length(BODY), body=BODY, version="1.0")
    assert connection.read()[::2] == (200, ANSWER)
    assert connection.is_closed()


@pytest.mark.parametrize(
    "host", ["localhost:8443", "regard.example.org", "[::1]:8090", "RegArd.Example.org:80"]
)
def test_the_host_is_what_was_signed_with_its_port_and_its_case(connection: Connection, host: str) -> None:
    connection.send(*request(Host=host), length(BODY), body=BODY)
    assert connection.read()[::2] == (200, ANSWER)


def test_requests_on_one_connection_are_answered_in_their_order(connection: Connection) -> None:
    other = b'{"MaxResults": 4}'
    for body in (BODY, other, BODY):
        connection.send(*request(body), length(body), body=body)
    assert [connection.read()[2] for _ in range(3)] == [ANSWER, {}, ANSWER]
