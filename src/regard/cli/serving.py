"""Serving, once there is a port to listen on."""

from __future__ import annotations

import gc
import socket
from contextlib import ExitStack
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from regard import logs, tracing
from regard.app import Parts, asgi, build
from regard.cli.greeting import greet
from regard.cli.loading import Loading
from regard.cli.printing import say
from regard.cli.shadowing import ElsewhereChoice, open_elsewhere
from regard.cli.stopping import end_after, end_at_next_signal, end_at_once
from regard.cli.supervisor import READY, STOPPING, tell_supervisor
from regard.cli.worker_processes import WorkerProcesses
from regard.console.building import build_public_pages
from regard.governance.rules_in_force import note_rules
from regard.liveness.cards import card_in_force, try_recapture
from regard.settings import Settings
from regard.streams.leases import StreamLeases
from regard.vision.faces import FaceAnalyzer
from regard.wire.browser_websockets import BrowserWebSocket
from regard.wire.eventstream import FRAME_BYTES
from regard.wire.listeners import Ending, ListeningServer, OtherListener, TlsListener
from regard.wire.proxies import believe_proxies
from regard.wire.readiness import ClosingConnections

_CLOSING = 10.0  # seconds, after requests and workers have ended, for the rest: files, the database

log: Any = structlog.get_logger(__name__)


def run_server(
    settings: Settings,
    listener: socket.socket,
    tls: TlsListener | None,
    choice: ElsewhereChoice | None = None,
    public: socket.socket | None = None,
) -> None:
    """Serves on a bound socket, by TLS on another where there is one, and the public pages alone on
    `public`, until a signal ends it.

    `choice` says which other services are told of answers. Raises RegardError where that may not be.
    """
    logs.configure(settings.log)
    tracing.configure("regard")
    parts = build(settings, report=Loading().report)
    # Before anything is made or printed: what the settings say wrongly ends the start here.
    try_recapture(settings)
    other = None
    if public is not None:
        pages = build_public_pages(settings, parts.apis, believe_proxies(settings.proxies))
        other = OtherListener(public, pages)
    elsewhere = None if choice is None else open_elsewhere(parts, choice)
    application = asgi(
        parts,
        port=listener.getsockname()[1],
        tls_port=None if tls is None else tls.port,
        elsewhere=elsewhere,
    )
    _warn_of_void_card(settings)
    _begin(parts)
    greet(parts, listener, tls, public)
    gc.freeze()  # the collector never visits what the start has made
    gc.enable()
    workers = WorkerProcesses(settings, StreamLeases(parts.database), parts.measurements)

    def began() -> None:
        log.info("the server stops", grace=settings.stop_grace, seconds=settings.stop_seconds)
        tell_supervisor(STOPPING)
        workers.tell_to_stop()  # so that others have their jobs while requests are still finished here

    ending = Ending(parts.readiness, settings.stop_grace, began, parts.alerts.close, end_at_once)
    config = _config(ClosingConnections(application, parts.readiness), settings)
    server = ListeningServer(config, tls, other=other, ending=ending, listens=lambda: tell_supervisor(READY))
    workers.start()
    try:
        server.run(sockets=[listener])
    finally:
        end_at_next_signal()
        workers.stop()  # they have a time of their own, since they were told, and are killed after it
        # Threads of requests that were cut would keep the process for as long as they take.
        last = end_after(_CLOSING, lambda: log.error("the server ends with work under way"), 1)
        with ExitStack() as closing:  # so that a disk that is full keeps nothing else from being closed
            closing.callback(parts.close)
            if elsewhere is not None:
                closing.callback(elsewhere.close)
        if not server.was_cut:
            last.cancel()
        log.info("the server has stopped", requests_cut=server.was_cut)


def _begin(parts: Parts) -> None:
    """Loads the models, and has everything follow that follows the database; the log says by which rules."""
    parts.sessions.load({*FaceAnalyzer.networks, *parts.face_models.default.networks})
    parts.indexes.keep_level()
    parts.usage.keep_level()
    parts.seals.keep_level()
    parts.upkeep.keep_level()
    parts.erasing.keep_level()
    profiles = parts.stores.accountability.profiles
    note_rules(parts.database, parts.audit, profiles, parts.settings.site_purpose, starts=True)


def _config(application: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        log_config=None,  # its warnings go where all lines go
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,  # limits and the audit log go by the client's address, so nobody may claim one
        timeout_keep_alive=75,
        timeout_graceful_shutdown=settings.stop_seconds,
        ws=BrowserWebSocket,
        ws_max_size=FRAME_BYTES,
        ws_per_message_deflate=False,  # video is compressed; a message of zeros would be no end of memory
    )


def _warn_of_void_card(settings: Settings) -> None:
    """Says, in the log and to whoever has started the server, where the card of liveness counts no more."""
    chosen = card_in_force(settings)
    if chosen.card is None:
        log.warning("the card of liveness is void", basis=chosen.basis)
        say(chosen.basis, on_stderr=True)
