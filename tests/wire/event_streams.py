"""The other side of an event stream, as an SDK is it, written after what AWS documents."""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.eventstream import EventStreamBuffer

REGION = "us-east-1"


def frame(head: bytes, payload: bytes) -> bytes:
    """A frame with its checksums."""
    prelude = struct.pack(">II", 16 + len(head) + len(payload), len(head))
    prelude += struct.pack(">I", zlib.crc32(prelude))
    return prelude + head + payload + struct.pack(">I", zlib.crc32(prelude + head + payload))


def text_header(name: str, value: str) -> bytes:
    return bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()


def event(kind: str, body: Mapping[str, Any]) -> bytes:
    head = text_header(":message-type", "event") + text_header(":event-type", kind)
    return frame(head + text_header(":content-type", "application/json"), json.dumps(body).encode())


@dataclass
class ChainSigner:
    """Signs frames one after the other."""

    secret: str
    signature: str
    moment: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def sign(self, inner: bytes) -> bytes:
        stamp = self.moment.strftime("%Y%m%dT%H%M%SZ")
        date = b"\x05:date\x08" + struct.pack(">q", round(self.moment.timestamp() * 1000))
        scope = f"{stamp[:8]}/{REGION}/rekognition/aws4_request"
        key = ("AWS4" + self.secret).encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        digests = hashlib.sha256(date).hexdigest(), hashlib.sha256(inner).hexdigest()
        text = "\n".join(("AWS4-HMAC-SHA256-PAYLOAD", stamp, scope, self.signature, *digests))
        signature = hmac.new(key, text.encode(), hashlib.sha256).digest()
        self.signature = signature.hex()
        return frame(date + b"\x10:chunk-signature\x06\x00\x20" + signature, inner)


def read_events(data: bytes) -> list[tuple[str, dict[str, Any]]]:
    """Events and exceptions, as botocore reads them: by name, with their bodies."""
    buffer = EventStreamBuffer()
    buffer.add_data(data)
    return [
        (one.headers.get(":event-type") or one.headers[":exception-type"], json.loads(one.payload))
        for one in buffer
    ]


def presign(url: str, credentials: Credentials, *, expires: int = 299) -> str:
    """The URL with a signature, for a WebSocket at the host that it names."""
    request = AWSRequest("GET", url)
    SigV4QueryAuth(credentials, "rekognition", REGION, expires=expires).add_auth(request)
    return str(request.url)


def sign_stream(url: str, headers: Mapping[str, str], credentials: Credentials) -> dict[str, str]:
    """Headers of a POST whose body is a stream."""
    request = AWSRequest("POST", url, headers=dict(headers))
    request.headers["X-Amz-Content-SHA256"] = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
    request.headers["Host"] = url.split("/")[2]
    _Streamed(credentials, "rekognition", REGION).add_auth(request)
    return dict(request.headers.items())


class _Streamed(SigV4Auth):
    def payload(self, request: AWSRequest) -> str:
        return "STREAMING-AWS4-HMAC-SHA256-EVENTS"
