"""One build in a process of its own, for `bench.wire`: answers batches of signed requests, over ASGI.

Run as a script, with the build's `src` in PYTHONPATH, it uses only what every build has: `Settings`, `build`,
`asgi`, and the admin key that the first start makes.
"""

from __future__ import annotations

import asyncio
import base64
import configparser
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

_COLLECTIONS = 100
_IMAGE = base64.b64encode(bytes(100_000)).decode()  # which no decoder takes, refused by the first bytes

Message = tuple[list[tuple[bytes, bytes]], bytes]

REQUESTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "DetectFaces, 100 kB image": ("DetectFaces", {"Image": {"Bytes": _IMAGE}}),
    f"ListCollections of {_COLLECTIONS}": ("ListCollections", {}),
    "DescribeCollection": ("DescribeCollection", {"CollectionId": "c0"}),
    "a request that is refused": ("CreateCollection", {"CollectionId": "not allowed!"}),
}


def main(folder: Path, batch: int) -> None:
    """Reads names of `REQUESTS`, a line each, and writes how long a batch took, in seconds, as JSON."""
    from regard import logs
    from regard.app import asgi, build
    from regard.settings import Settings

    results = sys.stdout
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - the log goes there, as long as the process lives
    logs.configure()
    parts = build(Settings.load({}, data=folder / "data"))
    parts.keys.ensure_admin(folder / "credentials", "us-east-1")
    keys = credentials(folder / "credentials")
    app = asgi(parts)
    with asyncio.Runner() as runner:
        made = [("CreateCollection", {"CollectionId": f"c{number}"}) for number in range(_COLLECTIONS)]
        runner.run(answer(app, [signed(keys, *one) for one in made]))
        for line in sys.stdin:
            operation, request = REQUESTS[line.strip()]
            messages = [signed(keys, operation, request) for _ in range(batch)]
            wall, used = time.perf_counter(), time.process_time()
            runner.run(answer(app, messages))
            taken = {"wall": time.perf_counter() - wall, "CPU": time.process_time() - used}
            print(json.dumps(taken), file=results, flush=True)
    parts.close()


def credentials(file: Path) -> Credentials:
    profiles = configparser.ConfigParser()
    profiles.read(file)
    profile = profiles["default"]
    return Credentials(profile["aws_access_key_id"], profile["aws_secret_access_key"])


def signed(keys: Credentials, operation: str, request: Mapping[str, Any]) -> Message:
    """The headers and the body of a request, as botocore signs it."""
    body = json.dumps(request).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": f"RekognitionService.{operation}",
    }
    prepared = AWSRequest("POST", "http://localhost/", headers, body)
    SigV4Auth(keys, "rekognition", "us-east-1").add_auth(prepared)
    pairs = [("host", "localhost"), *prepared.headers.items(), ("content-length", str(len(body)))]
    return [(name.lower().encode(), _bytes(value)) for name, value in pairs], body


async def answer(app: Any, messages: Sequence[Message]) -> None:
    """Has the application answer each request, one after the other."""
    for headers, body in messages:
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": "/",
            "raw_path": b"/",
            "root_path": "",
            "query_string": b"",
            "headers": headers,
        }
        events = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive(events: list[dict[str, Any]] = events) -> dict[str, Any]:
            if events:
                return events.pop()
            await asyncio.Event().wait()
            raise AssertionError

        sent: list[Any] = []

        async def send(message: Any, sent: list[Any] = sent) -> None:
            sent.append(message)

        await app(scope, receive, send)
        assert sent[0]["status"] in (200, 400), sent


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
