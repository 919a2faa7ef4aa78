"""What ends a stream of Face Liveness, and what its client hears of that."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.waiting import wait_until
from tests.wire.event_streams import event
from tests.wire.liveness.site import LIGHT, MOVEMENT, Browser, Site, refused


def test_frames_out_of_order_end_the_stream(server: Site):
    session_id = server.create()
    browser = server.open(session_id)
    first, second = (browser.chain.sign(event("VideoEvent", {"VideoChunk": ""})) for _ in range(2))
    browser.connection.send(second)
    browser.connection.send(first)
    assert refused(browser)[0] == "InvalidSignatureException"
    assert server.status(session_id) == "FAILED"


def test_another_stream_s_frames_end_the_stream(server: Site):
    """Who has recorded somebody's frames can't play them back under a session of their own."""
    recorded, browser = server.open(server.create()), server.open(server.create())
    browser.connection.send(recorded.chain.sign(event("VideoEvent", {"VideoChunk": ""})))
    assert refused(browser)[0] == "InvalidSignatureException"
    recorded.connection.close()


@pytest.mark.parametrize(
    "message",
    [b"", b"\0" * 16, b"\xff" * 5000, event("VideoEvent", {"VideoChunk": ""}), "text"],
    ids=["nothing", "zeros", "ones", "unsigned", "text"],
)
def test_bytes_that_are_no_signed_frame_end_the_stream(server: Site, message: bytes | str):
    browser = server.open(server.create())
    browser.connection.send(message)
    assert refused(browser)[0] == "ValidationException"


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("VideoEvent", {"VideoChunk": "not base64"}),
        ("VideoEvent", {"VideoChunk": 5}),
        ("SomethingEvent", {}),
        ("ClientSessionInformationEvent", {}),
        ("ClientSessionInformationEvent", {"Challenge": {MOVEMENT: {}}}),  # which wasn't put
        ("ClientSessionInformationEvent", {"Challenge": {LIGHT: {"ChallengeId": "a", "InitialFace": 5}}}),
        (
            "ClientSessionInformationEvent",
            {"Challenge": {LIGHT: {"ChallengeId": "a", "VideoStartTimestamp": 1e300}}},
        ),
    ],
)
def test_events_of_another_form_end_the_stream(server: Site, kind: str, body: dict[str, Any]):
    browser = server.open(server.create())
    browser.send(kind, body)
    assert refused(browser)[0] == "ValidationException"


def test_a_stream_that_never_ends_is_ended_at_its_limit(server: Site):
    browser = server.open(server.create())
    chunk = b"\0" * 700_000
    with suppress(ConnectionClosed):
        for _ in range(1000):
            browser.video(chunk)
    assert refused(browser)[0] == "ValidationException"


def test_a_client_that_falls_silent_is_told_so(server: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("regard.operations.liveness.checking.WAIT_SECONDS", 0.2)
    session_id = server.create()
    kind, message = refused(server.open(session_id))
    assert (kind, "silent" in message) == ("ValidationException", True)
    assert server.status(session_id) == "FAILED"


def test_a_recording_that_lasts_too_long_is_ended(server: Site, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("regard.operations.liveness.checking.RECORDING_SECONDS", 0.0)
    browser = server.open(server.create())
    browser.video(b"one")
    browser.video(b"two")
    kind, message = refused(browser)
    assert (kind, "may last" in message) == ("ValidationException", True)


def test_a_verdict_that_takes_too_long_ends_in_an_answer(server: Site, monkeypatch: pytest.MonkeyPatch):
    go_on = threading.Event()
    monkeypatch.setattr("regard.wire.liveness_stream.VERDICT_SECONDS", 0.2)
    monkeypatch.setattr("regard.operations.liveness.checking.judge", lambda *_, **__: go_on.wait(60) and None)
    monkeypatch.setattr("regard.video.recording.Recording.finish", lambda *_: None)
    browser = server.open(server.create())
    browser.video(b"")
    assert refused(browser)[0] == "InternalServerException"
    go_on.set()


@pytest.mark.parametrize("code", [4001, 4003, 4005, 1001])
def test_a_client_s_close_is_answered_with_code_1000(server: Site, code: int):
    session_id = server.create()
    browser = server.open(session_id)
    assert browser.read()[0] == "ChallengeEvent"
    browser.connection.close(code)
    assert browser.rest()[1] == 1000
    wait_until(lambda: server.status(session_id) == "FAILED")


def test_a_connection_that_is_cut_fails_its_session(server: Site):
    session_id = server.create()
    browser = server.open(session_id)
    assert browser.read()[0] == "ChallengeEvent"
    browser.connection.socket.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: server.status(session_id) == "FAILED")


def test_more_streams_than_the_server_takes_are_told_so_and_a_place_is_freed(server: Site):
    held = [_held(server) for _ in range(3)]  # those of other tests may be ending
    assert refused(server.open(server.create()))[0] == "ServiceQuotaExceededException"
    held.pop().connection.close()
    held.append(_held(server))


def _held(server: Site) -> Browser:
    """A stream that has a place, once there is one."""
    tried: list[Browser] = []

    def is_let_in() -> bool:
        tried.append(server.open(server.create()))
        return tried[-1].read()[0] == "ChallengeEvent"

    wait_until(is_let_in)
    return tried[-1]
