"""AWS's own component, unchanged, in a real browser: what the person sees, and what the session comes to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from tests.waiting import wait_until

from .conftest import LIGHT, MOVEMENT, CheckPage

NOBODY = "00000000-0000-4000-8000-000000000000"


def feedback_codes(result: dict[str, Any]) -> list[str]:
    return [one["Code"] for one in result["Feedback"]]


def test_a_person_is_checked_on_the_page_where_one_tries_it(check: CheckPage) -> None:
    server = check.site.server
    check.open()
    check.page.evaluate(
        f"""document.querySelectorAll('input[name=challenge]')[1].click();
        document.getElementById('key-id').value = {server.key_id!r};
        document.getElementById('secret').value = {server.secret!r};"""
    )
    check.page.click("Begin")
    check.start()
    check.page.until("!document.getElementById('result').hidden")
    shown = check.text()
    assert "SUCCEEDED" in shown
    assert MOVEMENT in shown
    assert check.page.evaluate("document.querySelector('#pictures img').naturalWidth") == 320
    assert check.page.reports == [], "neither an error nor a broken policy"


def test_who_has_not_signed_is_told_at_once(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    wrong = {**check.site.credentials(session_id), "secretAccessKey": "0" * 40}
    check.show(session_id, credentials=wrong)
    [[kind, state, reason]] = check.told()
    assert (kind, state) == ("error", "SERVER_ERROR")
    assert "signature" in str(reason)
    assert "Server issue" in check.text()
    assert check.site.result(session_id)["Status"] == "CREATED"


@pytest.mark.slow
def test_a_face_that_reflects_the_colours_is_told_from_one_that_does_not(check: CheckPage) -> None:
    # A browser on busy cores records too few frames for some checks; no light is never taken for light.
    lit: dict[str, Any] = {}
    for _ in range(4):
        lit = check_light(check, 0.25)
        if "HIGH_LIGHTING_DETECTED" not in feedback_codes(lit) and "ReferenceImage" in lit:
            break
    unlit = check_light(check, 0)
    assert "HIGH_LIGHTING_DETECTED" not in feedback_codes(lit)
    assert "HIGH_LIGHTING_DETECTED" in feedback_codes(unlit)
    assert unlit["Confidence"] <= 40
    assert len(lit["AuditImages"]) == 2
    assert lit["ReferenceImage"]["BoundingBox"]["Width"] > 0


def check_light(check: CheckPage, share: float) -> dict[str, Any]:
    """What a check of a face comes to on which this share of the screen's light falls."""
    session_id = check.site.create(LIGHT, AuditImagesLimit=2)
    check.show(session_id, reflects=share)
    assert check.told() == [["complete", None, None]]
    assert check.page.evaluate("camera.colours.size") >= 6, "the person has seen them"
    result = check.site.result(session_id)
    assert result["Status"] == "SUCCEEDED"
    return result


@pytest.mark.slow
def test_a_second_face_gives_no_confidence(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    check.show(session_id, second=True)
    assert check.told() == [["complete", None, None]]
    result = check.site.result(session_id)
    assert result["Status"] == "SUCCEEDED"
    assert result["Confidence"] <= 20
    assert "FACE_OBSTRUCTION_DETECTED" in feedback_codes(result)


@pytest.mark.slow
def test_who_does_not_come_closer_reads_that_their_time_is_out(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    check.show(session_id, comes=False)
    assert [told[:2] for told in check.told()] == [["error", "TIMEOUT"]]
    assert "Time out" in check.text()
    wait_until(lambda: check.site.result(session_id)["Status"] == "FAILED")
    assert "Time out" in check.text(), "the close's answer has not overwritten it"
    assert len(check.told()) == 1


@pytest.mark.slow
def test_a_session_that_nobody_knows_is_no_session(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    check.show(NOBODY, credentials=check.site.credentials(session_id))
    [[kind, state, reason]] = check.told()
    assert (kind, state) == ("error", "SERVER_ERROR")
    assert "another session" in str(reason)


@pytest.mark.slow
def test_a_session_is_good_for_one_check(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    credentials = check.site.credentials(session_id)
    check.show(session_id, credentials=credentials)
    assert check.told() == [["complete", None, None]]
    first = check.site.result(session_id)
    check.show(session_id, credentials=credentials)
    [[kind, state, _]] = check.told()
    assert (kind, state) == ("error", "SERVER_ERROR")
    assert check.site.result(session_id) | {"ResponseMetadata": None} == first | {"ResponseMetadata": None}


@pytest.mark.slow
def test_who_cancels_ends_the_session(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    check.show(session_id, comes=False)
    check.page.until("document.body.innerText.includes('Move closer')")
    check.page.evaluate("document.querySelector('.amplify-liveness-cancel-button').click()")
    assert check.told()[0][0] == "cancelled"
    wait_until(lambda: check.site.result(session_id)["Status"] == "FAILED")


@contextmanager
def relaying(target: tuple[str, int]) -> Iterator[tuple[str, list[socket.socket]]]:
    """A relay to a server by TLS, and the connections that a test may cut."""
    opened: list[socket.socket] = []

    def carry(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                sink.sendall(data)

    def accept(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                here, _ = listener.accept()
                there = socket.create_connection(target)
                opened.extend((here, there))
                for pair in ((here, there), (there, here)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        try:
            yield f"https://127.0.0.1:{listener.getsockname()[1]}", opened
        finally:
            cut(opened)


def cut(opened: list[socket.socket]) -> None:
    for one in opened:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@pytest.mark.slow
def test_a_connection_that_is_cut_is_told_and_ends_the_session(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    host, _, port = check.site.secure.removeprefix("https://").partition(":")
    with relaying((host, int(port))) as (endpoint, opened):
        check.show(session_id, endpoint=endpoint, comes=False)
        check.page.until("document.body.innerText.includes('Move closer')")
        cut(opened)
        assert [told[:2] for told in check.told()] == [["error", "SERVER_ERROR"]]
    assert "Server issue" in check.text()
    wait_until(lambda: check.site.result(session_id)["Status"] == "FAILED")


@pytest.mark.slow
def test_a_server_that_says_nothing_is_a_connection_that_timed_out(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        check.show(session_id, endpoint=f"https://127.0.0.1:{silent.getsockname()[1]}")
        assert [told[:2] for told in check.told()] == [["error", "CONNECTION_TIMEOUT"]]
    assert check.site.result(session_id)["Status"] == "CREATED"


@pytest.mark.slow
def test_an_endpoint_may_have_a_path(check: CheckPage) -> None:
    session_id = check.site.create(MOVEMENT)
    check.show(session_id, endpoint=f"{check.site.secure}/vision/v2")
    assert check.told() == [["complete", None, None]]
    assert check.site.result(session_id)["Status"] == "SUCCEEDED"
