"""Frames of event streams, against botocore's decoder and against whatever bytes there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from regard.errors import InvalidSignatureException
from regard.wire.eventstream import (
    FrameSplitter,
    MalformedFrame,
    read_frame,
    write_event,
    write_exception,
    write_frame,
)
from regard.wire.signed_events import SignedEvents, StreamSigner

from .event_streams import ChainSigner, event, frame, read_events

SECRET = "a secret"
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HEADERS = st.dictionaries(
    st.text(min_size=1, max_size=40),
    st.text(max_size=200)
    | st.binary(max_size=200)
    | st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
    max_size=5,
)


@given(headers=HEADERS, payload=st.binary(max_size=2000))
def test_a_frame_that_is_written_is_read_and_botocore_reads_it_too(headers, payload):
    written = write_frame(headers, payload)
    ours = read_frame(written)
    assert (ours.headers, ours.payload) == (headers, payload)
    buffer = EventStreamBuffer()
    buffer.add_data(written)
    theirs = next(iter(buffer))
    texts = {name: value for name, value in headers.items() if not isinstance(value, datetime)}
    assert {name: theirs.headers[name] for name in texts} == texts
    assert theirs.payload == payload


def test_events_and_exceptions_have_the_names_that_clients_read():
    sent = write_event("DisconnectionEvent", {"TimestampMillis": 1}) + write_exception(
        "SomeException", "Why."
    )
    assert read_events(sent) == [
        ("DisconnectionEvent", {"TimestampMillis": 1}),
        ("SomeException", {"Message": "Why.", "Code": "SomeException"}),
    ]


@given(data=st.binary(max_size=400))
def test_bytes_that_are_no_frame_are_refused(data):
    with pytest.raises(MalformedFrame):
        read_frame(data)


@given(head=st.binary(max_size=200), payload=st.binary(max_size=50))
def test_headers_of_any_bytes_are_read_or_refused(head, payload):
    try:
        found = read_frame(frame(head, payload))
    except MalformedFrame:
        return
    assert found.payload == payload


@given(data=st.data())
def test_a_frame_of_which_a_byte_is_changed_is_refused(data):
    whole = event("VideoEvent", {"TimestampMillis": 1})
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = bytearray(whole)
    changed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(MalformedFrame):
        read_frame(bytes(changed))


@given(data=st.data())
def test_frames_are_found_in_pieces_of_any_length(data):
    frames = [event("VideoEvent", {"TimestampMillis": n}) for n in range(3)]
    joined, splitter, found = b"".join(frames), FrameSplitter(), []
    while joined:
        cut = data.draw(st.integers(1, len(joined)))
        found += splitter.feed(joined[:cut])
        joined = joined[cut:]
    assert found == frames
    assert splitter.is_whole


def test_a_frame_that_is_announced_too_long_is_refused_before_it_has_come():
    with pytest.raises(MalformedFrame, match="16 to 1000 bytes"):
        list(FrameSplitter(1000).feed(write_event("VideoEvent", {"VideoChunk": "x" * 1000})[:20]))


def opened(
    secret: str = SECRET, seed: str = "00", moment: datetime = NOW
) -> tuple[ChainSigner, SignedEvents]:
    signer = StreamSigner(SECRET, "us-east-1", "00")
    events = SignedEvents(signer, clock=lambda: NOW, skew=timedelta(minutes=5))
    return ChainSigner(secret, seed, moment), events


def test_a_chain_of_signed_events_is_opened_to_its_end():
    chain, events = opened()
    for number in range(3):
        inner = events.open(chain.sign(event("VideoEvent", {"TimestampMillis": number})))
        assert inner is not None
        assert inner.headers[":event-type"] == "VideoEvent"
    assert events.open(chain.sign(b"")) is None


def test_events_out_of_order_are_refused():
    chain, events = opened()
    _, second = (chain.sign(event("VideoEvent", {"TimestampMillis": number})) for number in (1, 2))
    with pytest.raises(InvalidSignatureException):
        events.open(second)


def test_an_event_that_is_sent_twice_is_refused():
    chain, events = opened()
    signed = chain.sign(event("VideoEvent", {"TimestampMillis": 1}))
    events.open(signed)
    with pytest.raises(InvalidSignatureException):
        events.open(signed)


@pytest.mark.parametrize("other", [{"secret": "another"}, {"seed": "11"}])
def test_an_event_of_another_key_or_stream_is_refused(other):
    chain, events = opened(**other)
    with pytest.raises(InvalidSignatureException):
        events.open(chain.sign(event("VideoEvent", {})))


def test_an_event_that_was_signed_hours_ago_is_refused():
    chain, events = opened(moment=NOW - timedelta(hours=1))
    with pytest.raises(InvalidSignatureException, match="date"):
        events.open(chain.sign(event("VideoEvent", {})))


def test_an_event_after_midnight_is_signed_with_the_new_day_s_key():
    signer = StreamSigner(SECRET, "us-east-1", "00")
    midnight = datetime(2026, 12, 1, tzinfo=UTC)
    events = SignedEvents(signer, clock=lambda: midnight, skew=timedelta(minutes=5))
    chain = ChainSigner(SECRET, "00", midnight - timedelta(seconds=1))
    assert events.open(chain.sign(event("VideoEvent", {}))) is not None
    chain.moment = midnight + timedelta(seconds=1)
    assert events.open(chain.sign(event("VideoEvent", {}))) is not None


def test_an_event_that_is_not_signed_is_refused():
    _, events = opened()
    with pytest.raises(MalformedFrame, match="chunk-signature"):
        events.open(event("VideoEvent", {}))
