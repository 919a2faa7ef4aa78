"""Streams of Face Liveness over HTTP/1.1, as Node.js makes them."""

from __future__ import annotations

import pytest
from botocore.credentials import Credentials

from tests.wire.event_streams import event, read_events
from tests.wire.liveness.site import Post, Site


@pytest.mark.parametrize("is_temporary", [False, True])
def test_a_post_is_streamed_both_ways(server: Site, is_temporary: bool):
    session_id = server.create()
    post = Post(server, session_id, server.browser(session_id) if is_temporary else server.credentials)
    post.send(event("VideoEvent", {"VideoChunk": "AAAA"}))
    post.send(event("VideoEvent", {"VideoChunk": ""}))
    post.send(b"")
    status, body = post.end()
    told = [kind for kind, _ in read_events(body)]
    assert (status, told) == (200, ["ChallengeEvent", "ServerSessionInformationEvent", "ValidationException"])


def test_a_post_that_is_refused_has_a_status_for_it(server: Site):
    session_id = server.create()
    status, body = Post(server, session_id, Credentials(server.key.key_id, "another")).end()
    assert status == 400
    assert b"signature" in body
    assert server.status(session_id) == "CREATED"


def test_a_post_that_ends_before_its_video_is_refused(server: Site):
    session_id = server.create()
    post = Post(server, session_id, server.credentials)
    post.send(b"")
    _, body = post.end()
    assert read_events(body)[-1][0] == "ValidationException"
    assert server.status(session_id) == "FAILED"
