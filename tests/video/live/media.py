"""A stand-in for Kinesis Video, built from its protocol: GetDataEndpoint and GetMedia over HTTP."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import av

from tests.video.live.cameras import Site, answer

ARN = "arn:aws:kinesisvideo:us-east-1:123456789012:stream/door/1510552593455"


def element(kind: int, data: bytes, *, unknown: bool = False) -> bytes:
    """An EBML element with its size in 8 bytes, or of unknown size."""
    size = b"\x01" + b"\xff" * 7 if unknown else (len(data) | 1 << 56).to_bytes(8, "big")
    return kind.to_bytes((kind.bit_length() + 7) // 8, "big") + size + data


def number(kind: int, value: int) -> bytes:
    return element(kind, value.to_bytes(8, "big"))


def tags(**texts: object) -> bytes:
    simple = b"".join(
        element(
            0x67C8, element(0x45A3, f"AWS_KINESISVIDEO_{name}".encode()) + element(0x4487, str(text).encode())
        )
        for name, text in texts.items()
    )
    return element(0x1254C367, element(0x7373, simple))


@dataclass(frozen=True, slots=True)
class Part:
    """One fragment: pictures with their times, ms from its beginning."""

    number: str
    produced: float
    packets: list[tuple[int, bool, bytes]]
    seconds: float


def parts(path: Path, *, produced: float, count: int) -> tuple[bytes, list[Part]]:
    """The film's CodecPrivate, and its groups of pictures as `count` fragments, again and again."""
    groups: list[list[tuple[int, bool, bytes]]] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        private = bytes(stream.codec_context.extradata or b"")
        rate = float(stream.average_rate or 25)
        for packet in container.demux(stream):
            if packet.size:
                if packet.is_keyframe:
                    groups.append([])
                groups[-1].append((round(1000 * len(groups[-1]) / rate), packet.is_keyframe, bytes(packet)))
    found, at = [], produced
    for place in range(count):
        group = groups[place % len(groups)]
        seconds = len(group) / rate
        found.append(Part(str(91343852333289682796718532614445757584843717598 + place), at, group, seconds))
        at += seconds
    return private, found


def document(private: bytes, part: Part, *, unknown: bool, arrived: float | None = None) -> Iterator[bytes]:
    """What GetMedia sends of a fragment, in pieces, without the tags that follow."""
    header = element(0x1A45DFA3, element(0x4282, b"matroska"))
    track = number(0xD7, 1) + number(0x83, 1) + element(0x86, b"V_MPEG4/ISO/AVC") + element(0x63A2, private)
    sound = number(0xD7, 2) + number(0x83, 2) + element(0x86, b"A_AAC")
    blocks = [
        element(0xA3, b"\x81" + time.to_bytes(2, "big") + (b"\x80" if is_key else b"\0") + data)
        for time, is_key, data in part.packets
    ]
    blocks.insert(1, element(0xA3, b"\x82\0\0\x80sound"))
    cluster = element(0xE7, (5000).to_bytes(2, "big"))
    info = element(0x1549A966, number(0x2AD7B1, 1_000_000) + element(0x4D80, b"stand-in"))
    yield header + element(0x18538067, b"", unknown=True) + info + element(0xEC, bytes(50))
    yield element(0x1654AE6B, element(0xAE, track) + element(0xAE, sound))
    yield tags(
        FRAGMENT_NUMBER=part.number,
        SERVER_TIMESTAMP=f"{part.produced + 0.2 if arrived is None else arrived:.3f}",
        PRODUCER_TIMESTAMP=f"{part.produced:.3f}",
    )
    if unknown:
        yield element(0x1F43B675, b"", unknown=True) + cluster
    else:
        yield element(0x1F43B675, cluster + b"".join(blocks))[: 12 + len(cluster)]
    yield from blocks


@dataclass
class MediaServer:
    """`parts` are sent from the first that a request asks for on, paced or at once, `limit` to a connection.
    `asked`: the StartSelectors of the requests."""

    site: Site
    private: bytes
    parts: list[Part]
    unknown: bool = False
    paced: bool = True
    limit: int = 1000
    error: str | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.site.posts["/getDataEndpoint"] = self._place
        self.site.posts["/getMedia"] = self._media

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.site.port}"

    def _place(self, request: BaseHTTPRequestHandler, _: bytes) -> None:
        answer(request, 200, json.dumps({"DataEndpoint": self.endpoint}).encode(), "application/json")

    def _media(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        start = json.loads(body)["StartSelector"]
        self.asked.append(start)
        request.send_response(200)
        request.send_header("Content-Type", "video/webm")
        request.end_headers()
        error, self.error = self.error, None
        if error is not None:
            request.wfile.write(element(0x1A45DFA3, b"") + tags(ERROR_CODE=error, ERROR_ID="7"))
            return
        for part in self._from(start)[: self.limit]:
            pieces = list(document(self.private, part, unknown=self.unknown))
            for piece in pieces:
                request.wfile.write(piece)
                if self.paced:
                    time.sleep(part.seconds / len(pieces))
            request.wfile.write(tags(MILLIS_BEHIND_NOW="0", CONTINUATION_TOKEN=part.number))

    def _from(self, start: dict[str, Any]) -> list[Part]:
        if start["StartSelectorType"] == "FRAGMENT_NUMBER":
            return [one for one in self.parts if int(one.number) > int(start["AfterFragmentNumber"])]
        if start["StartSelectorType"] == "PRODUCER_TIMESTAMP":
            return [one for one in self.parts if one.produced >= float(start["StartTimestamp"])]
        return [one for one in self.parts if one.produced + one.seconds >= time.time()]
