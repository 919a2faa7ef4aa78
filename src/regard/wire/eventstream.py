"""Frames of AWS's event stream: `application/vnd.amazon.eventstream`, read and written.

A frame is its length and its headers' length (four bytes each, big-endian), the CRC-32 of these eight bytes,
headers, payload, and the CRC-32 of all before.
Source: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from regard.errors import RegardError

HeaderValue = bool | int | bytes | str | datetime

FRAME_BYTES: Final = 2 * 1024 * 1024
"""The longest frame that is read. A second of a browser's video is a tenth of that."""

_PRELUDE: Final = 12  # two lengths, and their checksum
_OVERHEAD: Final = _PRELUDE + 4
_TRUE, _FALSE, _BYTES, _STRING, _TIMESTAMP, _UUID = 0, 1, 6, 7, 8, 9
_INTEGERS: Final[Mapping[int, struct.Struct]] = MappingProxyType(
    {2: struct.Struct(">b"), 3: struct.Struct(">h"), 4: struct.Struct(">i"), 5: struct.Struct(">q")}
)
_LATEST: Final = 253_402_300_799_999  # milliseconds since the epoch: the end of the year 9999


class MalformedFrame(RegardError):
    """The bytes are no frame of an event stream."""


@dataclass(frozen=True, slots=True)
class EventFrame:
    """A frame. Timestamps among its headers are UTC, to the millisecond."""

    headers: Mapping[str, HeaderValue]
    payload: bytes


def write_frame(headers: Mapping[str, str | bytes | datetime], payload: bytes) -> bytes:
    """The bytes of a frame. Raises ValueError for a header that has no place in one."""
    head = write_headers(headers)
    prelude = struct.pack(">II", _OVERHEAD + len(head) + len(payload), len(head))
    body = prelude + struct.pack(">I", zlib.crc32(prelude)) + head + payload
    return body + struct.pack(">I", zlib.crc32(body))


def write_headers(headers: Mapping[str, str | bytes | datetime]) -> bytes:
    """The bytes of a frame's headers. Raises ValueError for one that is too long."""
    return b"".join(_write_header(name, value) for name, value in headers.items())


def write_event(event_type: str, body: Mapping[str, Any]) -> bytes:
    """An event with a body of JSON."""
    headers = {":message-type": "event", ":event-type": event_type, ":content-type": "application/json"}
    return write_frame(headers, json.dumps(body, separators=(",", ":")).encode())


def write_exception(code: str, message: str) -> bytes:
    """An exception by the name that clients know it by."""
    headers = {
        ":message-type": "exception",
        ":exception-type": code,
        ":content-type": "application/json",
    }
    return write_frame(headers, json.dumps({"Message": message, "Code": code}).encode())


def read_frame(data: bytes) -> EventFrame:
    """The frame that `data` is, no more and no less. Raises MalformedFrame."""
    if len(data) < _OVERHEAD:
        raise MalformedFrame("A frame of an event stream has at least 16 bytes.")
    total, head, checksum = struct.unpack_from(">III", data)
    if zlib.crc32(data[:8]) != checksum:
        raise MalformedFrame("The checksum of the frame's lengths doesn't match.")
    if total != len(data) or head > total - _OVERHEAD:
        raise MalformedFrame("The frame's lengths don't fit what was sent.")
    if zlib.crc32(data[:-4]) != struct.unpack_from(">I", data, total - 4)[0]:
        raise MalformedFrame("The checksum of the frame doesn't match.")
    end = _PRELUDE + head
    return EventFrame(_read_headers(data[_PRELUDE:end]), bytes(data[end:-4]))


class FrameSplitter:
    """Cuts bytes that come in any pieces into frames, which it doesn't read. Holds one frame at most."""

    def __init__(self, limit: int = FRAME_BYTES) -> None:
        """`limit` is the longest frame, in bytes."""
        self._limit = limit
        self._rest = bytearray()

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left of a frame that has begun."""
        return not self._rest

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The frames that are whole now. Raises MalformedFrame for one that is too long, or none."""
        self._rest += data
        while len(self._rest) >= _PRELUDE:
            total = struct.unpack_from(">I", self._rest)[0]
            if not _OVERHEAD <= total <= self._limit:
                raise MalformedFrame(f"A frame may have 16 to {self._limit} bytes.")
            if len(self._rest) < total:
                return
            frame = bytes(self._rest[:total])
            del self._rest[:total]
            yield frame


def _write_header(name: str, value: str | bytes | datetime) -> bytes:
    encoded = name.encode()
    if not 0 < len(encoded) < 256:
        raise ValueError("A header's name has 1 to 255 bytes.")
    head = struct.pack(">B", len(encoded)) + encoded
    if isinstance(value, datetime):
        return head + struct.pack(">Bq", _TIMESTAMP, round(value.timestamp() * 1000))
    kind, content = (_STRING, value.encode()) if isinstance(value, str) else (_BYTES, value)
    if len(content) > 32_767:
        raise ValueError("A header's value has 32,767 bytes at most.")
    return head + struct.pack(">BH", kind, len(content)) + content


def _read_headers(data: bytes) -> dict[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    position = 0
    try:
        while position < len(data):
            name_end = position + 1 + data[position]
            name = data[position + 1 : name_end].decode()
            if not name or name in headers:
                raise MalformedFrame("A header of the frame has no name, or comes twice.")
            headers[name], position = _read_value(data, name_end)
    except (IndexError, struct.error, UnicodeDecodeError) as error:
        raise MalformedFrame("The frame's headers can't be read.") from error
    return headers


def _read_value(data: bytes, position: int) -> tuple[HeaderValue, int]:
    """A value and where it ends."""
    kind = data[position]
    position += 1
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, position
    if kind in _INTEGERS:
        integer: int = _INTEGERS[kind].unpack_from(data, position)[0]
        return integer, position + _INTEGERS[kind].size
    if kind == _TIMESTAMP:
        return _moment(struct.unpack_from(">q", data, position)[0]), position + 8
    if kind == _UUID:
        return _exactly(data, position, 16), position + 16
    if kind not in (_BYTES, _STRING):
        raise MalformedFrame("A header of the frame has a type that there isn't.")
    length = struct.unpack_from(">H", data, position)[0]
    content = _exactly(data, position + 2, length)
    return content.decode() if kind == _STRING else content, position + 2 + length


def _exactly(data: bytes, position: int, length: int) -> bytes:
    if position + length > len(data):
        raise MalformedFrame("The frame's headers end too early.")
    return data[position : position + length]


def _moment(milliseconds: int) -> datetime:
    if not 0 <= milliseconds <= _LATEST:
        raise MalformedFrame("A header of the frame has a time that there isn't.")
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)
