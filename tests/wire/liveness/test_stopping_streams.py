"""A server that is told to stop: live views end at once, checks of liveness have the seconds of requests."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import repeat

import httpx
import uvicorn

from regard.app import asgi
from regard.wire.browser_websockets import BrowserWebSocket
from regard.wire.eventstream import FRAME_BYTES
from regard.wire.listeners import Ending, ListeningServer
from regard.wire.live_pictures import live_route
from tests.waiting import PATIENCE
from tests.wire.liveness.site import Site, refused

SECONDS = 2


def pictures(_ticket: str) -> Iterator[bytes]:
    """A camera's, for ever."""
    for picture in repeat(b"jpeg"):
        time.sleep(0.02)
        yield picture


def test_live_views_end_first_and_checks_are_answered_until_their_seconds_are_over(server: Site) -> None:
    parts = replace(server.parts, readiness=type(server.parts.readiness)())
    application = asgi(parts)
    application.router.routes.insert(0, live_route("/always", pictures, parts.readiness))
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        application,
        ws=BrowserWebSocket,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        timeout_graceful_shutdown=SECONDS,
    )
    stopping = ListeningServer(config, None, ending=Ending(parts.readiness))
    thread = threading.Thread(target=stopping.run, kwargs={"sockets": [listener]})
    thread.start()
    here = replace(server, port=listener.getsockname()[1])
    answered, cut = (here.open(here.create()) for _ in range(2))
    for browser in (answered, cut):
        assert browser.read()[0] == "ChallengeEvent"
    with httpx.stream("GET", f"http://127.0.0.1:{here.port}/always/ticket", timeout=PATIENCE) as view:
        shown = view.iter_raw()
        assert b"jpeg" in next(shown)
        told = time.monotonic()
        stopping.handle_exit(signal.SIGTERM, None)
        for _ in shown:  # to its end in good order, or httpx raises
            pass
    assert time.monotonic() - told < SECONDS, "nobody waits for a view, which goes on for ever"
    answered.connection.send(b"no frame")
    assert refused(answered)[0] == "ValidationException", "a check under way is served as before"
    assert time.monotonic() - told < SECONDS
    kind, message = refused(cut)
    assert kind == "ServiceUnavailableException"
    assert message.endswith("Try your call again.")
    assert SECONDS <= time.monotonic() - told < PATIENCE
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert stopping.was_cut
