"""Streams of Face Liveness: who is let in, and what clients are told."""

from __future__ import annotations

import http.client
from dataclasses import replace

import pytest
from botocore.credentials import Credentials

from tests.wire.event_streams import sign_stream
from tests.wire.liveness.site import LIGHT, MOVEMENT, Site, refused


def test_a_browser_is_told_its_challenge_at_once(server: Site):
    session_id = server.create()
    browser = server.open(session_id, server.browser(session_id))
    assert browser.read() == ("ChallengeEvent", {"Type": LIGHT, "Version": "2.0.0"})
    kind, body = browser.read()
    put = body["SessionInformation"]["Challenge"][LIGHT]
    assert kind == "ServerSessionInformationEvent"
    assert all(put["OvalParameters"].values())
    assert all(put["ChallengeConfig"].values())  # the component takes 0 for missing
    assert put["ColorSequences"][0]["FreshnessColor"] == {"RGB": [0, 0, 0]}  # which is shown for no time
    assert server.status(session_id) == "IN_PROGRESS"
    browser.connection.close()


def test_a_stream_is_found_below_a_prefix(server: Site):
    browser = server.open(server.create(), prefix="/some/where")
    assert browser.read()[0] == "ChallengeEvent"
    browser.connection.close()


def test_movement_alone_has_no_colours(server: Site):
    browser = server.open(server.create(ChallengePreferences=[{"Type": MOVEMENT}]))
    assert browser.read() == ("ChallengeEvent", {"Type": MOVEMENT, "Version": "1.0.0"})
    _, body = browser.read()
    assert set(body["SessionInformation"]["Challenge"][MOVEMENT]) == {"OvalParameters", "ChallengeConfig"}
    browser.connection.close()


def test_a_video_that_is_none_fails_the_session_and_the_client_hears_why(server: Site):
    session_id = server.create()
    browser = server.open(session_id)
    browser.video(b"no video")
    browser.video(b"")
    assert refused(browser) == ("ValidationException", "The video can't be decoded.")
    assert server.status(session_id) == "FAILED"


def test_a_second_connection_is_refused_and_the_first_goes_on(server: Site):
    session_id = server.create()
    first = server.open(session_id)
    assert first.read()[0] == "ChallengeEvent"
    kind, message = refused(server.open(session_id))
    assert (kind, "used before" in message) == ("SessionNotFoundException", True)
    first.video(b"")
    assert refused(first)[0] == "ValidationException"


def test_a_session_of_another_key_is_not_found(server: Site):
    other = server.parts.keys.create("another", "operator")
    browser = server.open(server.create(), Credentials(other.key_id, other.secret))
    assert refused(browser)[0] == "SessionNotFoundException"


def test_credentials_of_one_session_open_no_other(server: Site):
    browser = server.open(server.create(), server.browser(server.create()))
    assert refused(browser) == ("AccessDeniedException", "These credentials are for another session.")


def test_credentials_of_a_session_sign_nothing_else(server: Site):
    session_id = server.create()
    browser = server.browser(session_id)
    client = http.client.HTTPConnection("127.0.0.1", server.port)
    headers = {"X-Amz-Target": "RekognitionService.GetFaceLivenessSessionResults"}
    headers["X-Amz-Security-Token"] = str(browser.token)
    url = f"http://127.0.0.1:{server.port}/"
    client.request("POST", "/", b"{}", sign_stream(url, headers, browser))
    answer = client.getresponse()
    assert (answer.status, b"UnrecognizedClientException" in answer.read()) == (400, True)
    client.close()


def test_a_wrong_secret_is_told_in_a_frame(server: Site):
    wrong = Credentials(server.key.key_id, "another secret")
    assert refused(server.open(server.create(), wrong))[0] == "InvalidSignatureException"


def test_an_unknown_key_is_told_in_a_frame(server: Site):
    unknown = Credentials("RGRDUNKNOWN", "secret")
    assert refused(server.open(server.create(), unknown))[0] == "UnrecognizedClientException"


def test_a_suspended_key_is_told_in_a_frame(server: Site):
    key = server.parts.keys.create("stopped", "operator")
    own = replace(server, key=key)
    session_id = own.create()
    browser = own.browser(session_id)
    server.parts.keys.suspend(key.key_id)
    assert refused(own.open(session_id, browser))[0] == "AccessDeniedException"


@pytest.mark.parametrize(
    ("session_id", "options"),
    [
        ("nothing", {}),
        (None, {"width": "0"}),
        (None, {"width": "x"}),
        (None, {"versions": "FaceMovementChallenge"}),
        (None, {"versions": "FaceMovementChallenge_9.0.0"}),
    ],
)
def test_what_is_missing_or_malformed_is_told_in_a_frame(
    server: Site, session_id: str | None, options: dict[str, str]
):
    assert refused(server.open(session_id or server.create(), **options))[0] == "ValidationException"


def test_an_unsigned_connection_is_let_in_and_told_why_it_is_refused(server: Site):
    browser = server.open_signed(server.url(server.create()) + "&X-Amz-Signature=0", "secret")
    assert refused(browser)[0] == "IncompleteSignatureException"
