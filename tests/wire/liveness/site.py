"""A server with checks of liveness, and its clients: browsers, and Node.js."""

from __future__ import annotations

import base64
import http.client
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

from botocore.credentials import Credentials
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from regard.app import Parts
from regard.governance.keys import Key
from tests.waiting import PATIENCE
from tests.wire.event_streams import ChainSigner, event, presign, read_events, sign_stream

LIGHT, MOVEMENT = "FaceMovementAndLightChallenge", "FaceMovementChallenge"
VERSIONS = f"{LIGHT}_2.0.0,{MOVEMENT}_1.0.0"
TOLD = list[tuple[str, dict[str, Any]]]


@dataclass
class Site:
    """A server, and the key of a site's backend."""

    parts: Parts
    port: int
    key: Key
    opened: ExitStack = field(default_factory=ExitStack)

    @property
    def credentials(self) -> Credentials:
        return Credentials(self.key.key_id, self.key.secret)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.parts.gate.call(operation, request, self.key.holder)

    def create(self, **settings: Any) -> str:
        return str(self.call("create_face_liveness_session", Settings=settings)["SessionId"])

    def status(self, session_id: str) -> str:
        answer = self.call("get_face_liveness_session_results", SessionId=session_id)
        return str(answer["Status"])

    def browser(self, session_id: str) -> Credentials:
        """What the browser of whoever is checked is given."""
        told = self.call("create_face_liveness_credentials", SessionId=session_id)
        return Credentials(told["AccessKeyId"], told["SecretAccessKey"], told["SessionToken"])

    def url(self, session_id: str, *, prefix: str = "", width: str = "320", versions: str = VERSIONS) -> str:
        query = f"session-id={session_id}&video-width={width}&video-height=240&challenge-versions={versions}"
        path = f"{prefix}/start-face-liveness-session-websocket"
        return f"http://127.0.0.1:{self.port}{path}?{query.replace(',', '%2C')}"

    def open(self, session_id: str, credentials: Credentials | None = None, **options: Any) -> Browser:
        signed = presign(self.url(session_id, **options), credentials or self.credentials)
        return self.open_signed(signed, (credentials or self.credentials).secret_key)

    def open_signed(self, signed: str, secret: str) -> Browser:
        """A browser at a presigned URL. Its connection ends with the test."""
        signature = signed.split("X-Amz-Signature=")[1].split("&")[0]
        to_open = connect(signed.replace("http", "ws", 1), max_size=None, compression=None)
        return Browser(self.opened.enter_context(to_open), ChainSigner(secret, signature))


@dataclass
class Browser:
    """A client of one stream."""

    connection: ClientConnection
    chain: ChainSigner

    def send(self, kind: str, body: dict[str, Any]) -> None:
        self.connection.send(self.chain.sign(event(kind, body)))

    def video(self, chunk: bytes) -> None:
        self.send("VideoEvent", {"VideoChunk": base64.b64encode(chunk).decode(), "TimestampMillis": 1})

    def read(self) -> tuple[str, dict[str, Any]]:
        return read_events(bytes(self.connection.recv(timeout=PATIENCE, decode=False)))[0]

    def rest(self) -> tuple[TOLD, int]:
        """What is told until the end, and the code of the end."""
        told: TOLD = []
        with suppress(ConnectionClosed):
            while True:
                told.append(self.read())
        return told, self.connection.close_code or 0


def refused(browser: Browser) -> tuple[str, str]:
    """The exception that a stream ends with, in a frame and before code 1000."""
    told, code = browser.rest()
    assert code == 1000
    kind, body = told[-1]
    assert body["Code"] == kind
    return kind, body["Message"]


class Post:
    """A stream over HTTP/1.1, chunked both ways, as Node.js's SDK makes one."""

    def __init__(self, server: Site, session_id: str, credentials: Credentials) -> None:
        prefix = "x-amz-rekognition-streaming-liveness-"
        told = {"session-id": session_id, "video-width": "320", "video-height": "240"}
        headers = {prefix + name: value for name, value in {**told, "challenge-versions": VERSIONS}.items()}
        url = f"http://127.0.0.1:{server.port}/start-face-liveness-session"
        signed = sign_stream(url, headers, credentials)
        self.chain = ChainSigner(credentials.secret_key, signed["Authorization"].split("Signature=")[1])
        self._client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._client.putrequest("POST", "/start-face-liveness-session", skip_host=True)
        for name, value in {**signed, "Transfer-Encoding": "chunked"}.items():
            self._client.putheader(name, value)
        self._client.endheaders()

    def send(self, inner: bytes) -> None:
        frame = self.chain.sign(inner)
        self._client.send(b"%x\r\n%s\r\n" % (len(frame), frame))

    def end(self) -> tuple[int, bytes]:
        self._client.send(b"0\r\n\r\n")
        answer = self._client.getresponse()
        return answer.status, answer.read()
