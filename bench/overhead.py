"""What wire and gate add to an operation: a 100 kB image over a warm connection, decoding excluded.

The image is 100 kB that no decoder takes, refused by its first bytes: the request pays for HTTP, Base64,
SigV4, validation, policy, purpose and the audit record on disk, and for nothing else. The client signs
before the clock starts.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import statistics
import time
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.conftest import Server

from bench.measurement import Row, Tables
from bench.server import running

_SIZE = 100_000


def run(chosen: argparse.Namespace) -> Tables:
    yield "overhead", measure(full=chosen.full)


def measure(*, full: bool) -> list[Row]:
    with running() as server:
        image = base64.b64encode(os.urandom(_SIZE)).decode()
        return [
            _row(server, "DetectFaces, 100 kB image", "DetectFaces", {"Image": {"Bytes": image}}, full),
            _row(server, "ListCollections", "ListCollections", {}, full),
        ]


def _row(server: Server, name: str, operation: str, request: dict[str, object], full: bool) -> Row:
    count = 2000 if full else 300
    address = urlsplit(server.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    took = []
    for _ in range(count + 20):
        headers, body = _signed(server, operation, request)
        started = time.perf_counter()
        connection.request("POST", "/", body, headers)
        connection.getresponse().read()
        took.append((time.perf_counter() - started) * 1000)
    connection.close()
    took = sorted(took[20:])
    return {
        "request": name,
        "requests": count,
        "median ms": statistics.median(took),
        "p95 ms": took[int(count * 0.95)],
        "p99 ms": took[int(count * 0.99)],
    }


def _signed(server: Server, operation: str, request: dict[str, object]) -> tuple[dict[str, str], bytes]:
    body = json.dumps(request).encode()
    prepared = AWSRequest(
        "POST",
        server.endpoint + "/",
        {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"RekognitionService.{operation}",
        },
        body,
    )
    SigV4Auth(Credentials(server.key_id, server.secret), "rekognition", "us-east-1").add_auth(prepared)
    return dict(prepared.headers.items()), body
