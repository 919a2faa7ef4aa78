"""The running server by TLS."""

from __future__ import annotations

import re
import signal
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from regard.packs.install import InstalledPack
from regard.wire.certificates import LOCAL_NAMES, LocalAuthority
from tests.conftest import Server, start_server, stop_server
from tests.waiting import PATIENCE


@pytest.fixture
def server(installed_pack: InstalledPack, tmp_path: Path) -> Iterator[Server]:
    """With the certificate that `regard tls make` leaves."""
    data = tmp_path / "data"
    LocalAuthority.of(data).make(LOCAL_NAMES)
    started = start_server(data, "--tls-port", "0")
    yield started
    stop_server(started)


def address(server: Server) -> str:
    """Where the server says that it serves by TLS."""
    log = (server.data.parent / f"{server.data.name}.log").read_text()
    found = re.search(r"https://127\.0\.0\.1:\d+", log)
    assert found is not None, log
    return found[0]


def trusting(server: Server) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(LocalAuthority.of(server.data).root))


def test_both_listeners_are_the_same_application_and_end_together(server: Server) -> None:
    host, port = "127.0.0.1", int(address(server).rpartition(":")[2])
    client = boto3.client(
        "rekognition",
        endpoint_url=address(server),
        region_name="us-east-1",
        aws_access_key_id=server.key_id,
        aws_secret_access_key=server.secret,
        verify=str(LocalAuthority.of(server.data).root),
    )
    client.create_collection(CollectionId="made-by-tls")
    assert server.client().list_collections()["CollectionIds"] == ["made-by-tls"]
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(address(server) + "/healthz", timeout=PATIENCE)

    # A request that is half there when the server is told to end is answered still.
    with trusting(server).wrap_socket(
        socket.create_connection((host, port), PATIENCE), server_hostname=host
    ) as half:
        half.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{")
        urllib.request.urlopen(server.endpoint + "/healthz", timeout=PATIENCE).close()
        server.process.send_signal(signal.SIGTERM)
        for closed in (port, int(server.endpoint.rpartition(":")[2])):
            wait_until_closed(host, closed)
        assert server.process.poll() is None
        half.sendall(b"}")
        assert half.recv(12) == b"HTTP/1.1 400"
    assert server.process.wait(PATIENCE) == 0


def wait_until_closed(host: str, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            socket.create_connection((host, port), 1).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError(f"{port} still listens")
