"""Matroska as it comes: any pieces, either form of clusters, anything that isn't it."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regard.video.live.ebml import (
    DocumentBegun,
    EbmlError,
    EbmlReader,
    MediaBlock,
    MediaEvent,
    MediaTag,
    VideoTrack,
)
from tests.video.live.media import Part, document, element, number, tags

_HEADER = element(0x1A45DFA3, b"")
_PART = Part("123", 1000.5, [(0, True, b"key"), (40, False, b"picture" * 9)], 1.0)


def _whole(*, unknown: bool) -> bytes:
    return b"".join(document(b"private", _PART, unknown=unknown)) + tags(MILLIS_BEHIND_NOW=7)


_EVENTS: list[MediaEvent] = [
    DocumentBegun(),
    VideoTrack(1, "V_MPEG4/ISO/AVC", b"private"),
    MediaTag("AWS_KINESISVIDEO_FRAGMENT_NUMBER", "123"),
    MediaTag("AWS_KINESISVIDEO_SERVER_TIMESTAMP", "1000.700"),
    MediaTag("AWS_KINESISVIDEO_PRODUCER_TIMESTAMP", "1000.500"),
    MediaBlock(1, 5000.0, True, b"key"),
    MediaBlock(2, 5000.0, True, b"sound"),
    MediaBlock(1, 5040.0, False, b"picture" * 9),
    MediaTag("AWS_KINESISVIDEO_MILLIS_BEHIND_NOW", "7"),
]


@pytest.mark.parametrize("unknown", [True, False])
@given(cuts=st.lists(st.integers(0, 1200), max_size=30))
def test_fragments_are_read_in_whatever_pieces_they_come(unknown: bool, cuts: list[int]) -> None:
    data = _whole(unknown=unknown) + _whole(unknown=unknown)
    places = [0, *sorted(cuts), len(data)]
    reader, found = EbmlReader(), list[MediaEvent]()
    for begin, end in pairwise(places):
        found += reader.feed(data[begin:end])
    assert found == _EVENTS * 2


@pytest.mark.parametrize("unknown", [True, False])
def test_a_block_is_read_as_soon_as_it_has_come(unknown: bool) -> None:
    reader, pieces = EbmlReader(), list(document(b"private", _PART, unknown=unknown))
    assert _EVENTS[5] in [event for piece in pieces[:5] for event in reader.feed(piece)]


def test_times_are_counted_as_the_document_says() -> None:
    data = _HEADER + number(0x2AD7B1, 100_000) + number(0xE7, 100)
    data += element(0xA0, element(0xA1, b"\x81\xff\xf6\0data"))
    assert list(EbmlReader().feed(data)) == [DocumentBegun(), MediaBlock(1, 9.0, False, b"data")]


@pytest.mark.parametrize(
    "data",
    [
        b"\0\0\0\0",
        element(0xA3, b""),
        element(0xA3, b"\x81\0"),
        element(0xA3, b"\x81\0\0\x02laced"),
        element(0xEC, b"", unknown=True),
        element(0x4487, bytes(5000)),
        b"\xa3\x08\xff\xff\xff\xff",
    ],
)
def test_what_no_sender_writes_is_an_error(data: bytes) -> None:
    reader = EbmlReader()
    list(reader.feed(_HEADER))
    with pytest.raises(EbmlError):
        list(reader.feed(data))


def test_what_begins_like_no_document_is_an_error() -> None:
    with pytest.raises(EbmlError):
        list(EbmlReader().feed(b"HTTP/1.1 200 OK"))


@given(st.lists(st.binary(max_size=200) | st.just(_HEADER), max_size=10))
def test_any_bytes_are_read_or_refused(pieces: list[bytes]) -> None:
    reader = EbmlReader()
    with suppress(EbmlError):
        for piece in pieces:
            list(reader.feed(piece))
    assert len(reader._bytes) <= sum(map(len, pieces))


@given(st.integers(0, 1100), st.binary(min_size=1, max_size=20), st.booleans())
def test_damage_anywhere_is_read_or_refused(at: int, damage: bytes, unknown: bool) -> None:
    data = bytearray(_whole(unknown=unknown) * 2)
    data[at : at + len(damage)] = damage
    reader = EbmlReader()
    try:
        found = list(reader.feed(bytes(data)))
    except EbmlError:
        return
    assert len(found) <= 2 * len(_EVENTS) + len(damage)


def test_what_is_passed_over_is_not_kept() -> None:
    reader = EbmlReader()
    list(reader.feed(_HEADER + element(0x1941A469, b"")[:4] + (1 << 56 | 1 << 40).to_bytes(8, "big")))
    for _ in range(50):
        list(reader.feed(os.urandom(100_000)))
    assert len(reader._bytes) == 0


def test_one_block_is_kept_at_a_time() -> None:
    reader, block = EbmlReader(), element(0xA3, b"\x81\0\0\x80" + bytes(1_000_000))
    list(reader.feed(_HEADER))
    for _ in range(20):
        assert len(list(reader.feed(block))) == 1
        assert len(reader._bytes) == 0
