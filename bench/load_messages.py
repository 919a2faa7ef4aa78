"""The requests of `bench.load`, signed before they are sent, so that clients have next to nothing to do."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

COLLECTION = "load"
_FRESH = 120.0  # seconds for which a signature is used again; the server takes it for 300

OPERATIONS = {
    "DetectFaces": "detect_faces",
    "IndexFaces": "index_faces",
    "SearchFacesByImage": "search_faces_by_image",
}
"""Those that can be measured, and their keys."""


def parameters(operation: str, picture: bytes) -> dict[str, Any]:
    """A request about a picture, as the gate takes it."""
    about: dict[str, Any] = {"Image": {"Bytes": picture}}
    return about if operation == "DetectFaces" else {"CollectionId": COLLECTION, **about}


def pictures_in(folder: Path) -> list[bytes]:
    return [file.read_bytes() for file in sorted(folder.iterdir())]


class SignedMessages:
    """Requests of one operation about pictures in turn, each the bytes that go over a connection."""

    def __init__(self, address: str, keys: Credentials, operation: str, pictures: Sequence[bytes]) -> None:
        """`address` is HOST:PORT."""
        self._address, self._keys, self._operation = address, keys, operation
        self._bodies = [
            json.dumps(
                parameters(operation, picture), default=lambda raw: base64.b64encode(raw).decode()
            ).encode()
            for picture in pictures
        ]
        self._signed, self._made = [b""] * len(self._bodies), [-_FRESH] * len(self._bodies)
        self._places: Iterator[int] = itertools.cycle(range(len(self._bodies)))

    def sign_all(self) -> None:
        for place in range(len(self._bodies)):
            self._renew(place)

    def __next__(self) -> bytes:
        place = next(self._places)
        if time.monotonic() - self._made[place] >= _FRESH:
            self._renew(place)
        return self._signed[place]

    def _renew(self, place: int) -> None:
        body = self._bodies[place]
        headers = {
            "Content-Type": "application/x-amz-json-1.1",
            "X-Amz-Target": f"RekognitionService.{self._operation}",
        }
        request = AWSRequest("POST", f"http://{self._address}/", headers, body)
        SigV4Auth(self._keys, "rekognition", "us-east-1").add_auth(request)
        lines = [
            "POST / HTTP/1.1",
            f"Host: {self._address}",
            f"Content-Length: {len(body)}",
            *(
                f"{name}: {value.decode() if isinstance(value, bytes) else value}"
                for name, value in request.headers.items()
            ),
        ]
        self._signed[place] = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        self._made[place] = time.monotonic()
