"""Matroska as Kinesis Video sends it, read as it comes: RFC 8794 (EBML) and RFC 9559.

Each fragment is a document of its own. The sizes of masters, which may be unknown, aren't needed: every
element that is read has an ID of its own, so masters are entered and never left. Documents follow one
another, and the last may end anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_DOCUMENT, _TRACK, _CLUSTER = 0x1A45DFA3, 0xAE, 0x1F43B675
_ENTERED = {
    0x18538067,  # Segment
    0x1549A966,  # Info
    0x1654AE6B,  # Tracks
    _TRACK,  # TrackEntry
    0x1254C367,  # Tags
    0x7373,  # Tag
    0x67C8,  # SimpleTag
    _CLUSTER,
    0xA0,  # BlockGroup
}
_NUMBER, _KIND, _CODEC, _PRIVATE = 0xD7, 0x83, 0x86, 0x63A2
_TAG_NAME, _TAG_TEXT = 0x45A3, 0x4487
_TIME, _SCALE = 0xE7, 0x2AD7B1
_SIMPLE_BLOCK, _BLOCK = 0xA3, 0xA1
_LARGEST = {  # bytes of each element that is read; all others are passed over
    _NUMBER: 8,
    _KIND: 8,
    _CODEC: 256,
    _PRIVATE: 1 << 20,
    _TAG_NAME: 1024,
    _TAG_TEXT: 4096,
    _TIME: 8,
    _SCALE: 8,
    _SIMPLE_BLOCK: 1 << 24,
    _BLOCK: 1 << 24,
}
_VIDEO = 1  # TrackType
_IS_KEY, _LACED = 0x80, 0x06  # flags of a block
_MS = 1_000_000  # ns


class EbmlError(ValueError):
    """What came isn't Matroska."""


@dataclass(frozen=True, slots=True)
class DocumentBegun:
    """A new document: the next fragment."""


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """`codec` by Matroska's name: V_MPEG4/ISO/AVC is H.264. `private`: CodecPrivate, b"" without one."""

    number: int
    codec: str
    private: bytes


@dataclass(frozen=True, slots=True)
class MediaTag:
    """A name and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MediaBlock:
    """One packet. `time`: ms, as the document counts it. `is_key`: as the sender says; a block in a group
    doesn't."""

    track: int
    time: float
    is_key: bool
    data: bytes


MediaEvent = DocumentBegun | VideoTrack | MediaTag | MediaBlock


class EbmlReader:
    """Bytes in, events out. It holds one element at most, and that has 16 MB at most."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._begun = False
        self._passing = 0  # bytes that are still to be passed over
        self._track: dict[int, bytes] | None = None
        self._name = ""
        self._scale, self._time = _MS, 0

    def feed(self, data: bytes) -> Iterator[MediaEvent]:
        """What is whole by now. Raises EbmlError."""
        self._bytes += data
        at = 0
        while True:
            passed = min(self._passing, len(self._bytes) - at)
            self._passing -= passed
            at += passed
            element = self._element(at) if not self._passing else None
            if element is None:
                break
            kind, start, end = element
            at = end
            yield from self._read(kind, bytes(self._bytes[start:end]))
        del self._bytes[:at]

    def _element(self, at: int) -> tuple[int, int, int] | None:
        """The ID of the element at `at`, and where what is to be read of it begins and ends; None before it
        is whole. Raises EbmlError."""
        kind, after = self._number(at, 4, marked=True)
        size, start = self._number(after, 8, marked=False)
        if kind is None or size is None:
            return None
        if not self._begun and kind != _DOCUMENT:
            raise EbmlError("no document")
        self._begun = True
        is_unknown = size == (1 << 7 * (start - after)) - 1
        if kind in _ENTERED:
            return kind, start, start
        if kind not in _LARGEST:
            if is_unknown:
                raise EbmlError("an element of unknown size that can't be entered")
            self._passing = size
            return kind, start, start
        if size > _LARGEST[kind]:
            raise EbmlError("an element that is larger than any sender makes it")
        end = start + size
        return (kind, start, end) if end <= len(self._bytes) else None

    def _number(self, at: int, longest: int, *, marked: bool) -> tuple[int | None, int]:
        """A number of variable length (RFC 8794, 4) and where it ends; None before it is whole. `marked`:
        with the bit that marks its length, as in IDs."""
        if at >= len(self._bytes):
            return None, at
        first = self._bytes[at]
        length = 9 - first.bit_length()
        if length > longest:
            raise EbmlError("no number")
        if at + length > len(self._bytes):
            return None, at
        value = int.from_bytes(self._bytes[at : at + length], "big")
        return value if marked else value & ((1 << 7 * length) - 1), at + length

    def _read(self, kind: int, data: bytes) -> Iterator[MediaEvent]:
        if self._track is not None and kind in (_TRACK, _CLUSTER, _TAG_NAME, _DOCUMENT):
            yield from self._described(self._track)
            self._track = None
        if kind == _DOCUMENT:
            self._scale = _MS
            yield DocumentBegun()
        elif kind == _TRACK:
            self._track = {}
        elif kind in (_NUMBER, _KIND, _CODEC, _PRIVATE):
            if self._track is not None:
                self._track[kind] = data
        elif kind == _TAG_NAME:
            self._name = _text(data)
        elif kind == _TAG_TEXT:
            yield MediaTag(self._name, _text(data))
        elif kind == _SCALE:
            self._scale = int.from_bytes(data, "big") or _MS
        elif kind == _TIME:
            self._time = int.from_bytes(data, "big")
        elif kind in (_SIMPLE_BLOCK, _BLOCK):
            yield self._block(kind, data)

    def _described(self, track: dict[int, bytes]) -> Iterator[VideoTrack]:
        if int.from_bytes(track.get(_KIND, b""), "big") == _VIDEO:
            number = int.from_bytes(track.get(_NUMBER, b""), "big")
            yield VideoTrack(number, _text(track.get(_CODEC, b"")), track.get(_PRIVATE, b""))

    def _block(self, kind: int, data: bytes) -> MediaBlock:
        """Its track, a signed time in 16 bits, and flags stand before the packet."""
        length = 9 - data[0].bit_length() if data and data[0] else 0
        if not length or len(data) < length + 3:
            raise EbmlError("a block without a header")
        track = int.from_bytes(data[:length], "big") & ((1 << 7 * length) - 1)
        offset = int.from_bytes(data[length : length + 2], "big", signed=True)
        flags = data[length + 2]
        if flags & _LACED:
            raise EbmlError("a block of several pictures")
        is_key = kind == _SIMPLE_BLOCK and bool(flags & _IS_KEY)
        time = (self._time + offset) * self._scale / _MS
        return MediaBlock(track, time, is_key, data[length + 3 :])


def _text(data: bytes) -> str:
    return data.rstrip(b"\0").decode("utf-8", "replace")
