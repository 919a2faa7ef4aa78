"""One server on several sockets: plain HTTP, the same application over TLS, another one beside it."""

from __future__ import annotations

import asyncio
import copy
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from regard.wire.readiness import Readiness


@dataclass(frozen=True, slots=True)
class OtherListener:
    """A bound socket of plain HTTP, and another application that answers there."""

    listener: socket.socket
    application: ASGIApp


@dataclass(frozen=True, slots=True)
class TlsListener:
    """A bound socket, and what is spoken on it."""

    listener: socket.socket
    context: ssl.SSLContext

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])


def authority(host: str, port: int) -> str:
    """Host and port as a URL has them: an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a server ends.

    `readiness` says so as soon as a signal comes, `began` is called at the next tick. For `grace` seconds it
    still takes connections and requests; then `end_streams` ends answers that go on, some of which would for
    ever, and the rest has the seconds of uvicorn's `timeout_graceful_shutdown`. `at_once` is called with the
    number of a second signal.
    """

    readiness: Readiness
    grace: float = 0.0
    began: Callable[[], None] = lambda: None
    end_streams: Callable[[], None] = lambda: None
    at_once: Callable[[int], None] = lambda _number: None


class ListeningServer(uvicorn.Server):
    """uvicorn's server, which listens on a second socket by TLS where there is one, and on a third for
    `other`, and ends as `ending` says. `listens` is called once connections are taken on all of them.

    uvicorn itself speaks TLS on all its sockets or on none. Connections of all are counted together, so that
    the end of the server waits for both.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        tls: TlsListener | None,
        *,
        other: OtherListener | None = None,
        ending: Ending | None = None,
        listens: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._tls = tls
        self._other = other
        self._listens = listens
        self._ending = ending or Ending(Readiness())
        self._closes_at: float | None = None  # by time.monotonic(), once it has been told to stop
        self.was_cut = False
        """Whether requests were still under way when their seconds were over."""

    def handle_exit(self, sig: int, _frame: FrameType | None) -> None:
        """What a signal does. uvicorn would raise it once more when the server has ended: an orderly end is
        none by a signal.
        """
        if self.should_exit:
            self._ending.at_once(sig)
        self._ending.readiness.stop()
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second: whether it is time to close."""
        is_told = await super().on_tick(counter)
        if not is_told:
            return False
        now = time.monotonic()
        if self._closes_at is None:
            self._closes_at = now + self._ending.grace
            self._ending.readiness.stop()
            self._ending.began()
        return now >= self._closes_at

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(None if sockets is None else list(sockets))
        if self._tls is not None:
            await self._listen(self.config, self._tls.listener, self._tls.context)
        if self._other is not None:
            config = copy.copy(self.config)
            config.app, config.loaded = self._other.application, False
            config.load()
            await self._listen(config, self._other.listener, None)
        if not self.should_exit:
            self._listens()

    async def _listen(
        self, config: uvicorn.Config, listener: socket.socket, context: ssl.SSLContext | None
    ) -> None:
        def connection() -> asyncio.Protocol:
            protocol = config.http_protocol_class
            return protocol(  # type: ignore[call-arg, no-any-return, unused-ignore]
                config=config, server_state=self.server_state, app_state=self.lifespan.state
            )

        loop = asyncio.get_running_loop()
        self.servers.append(
            await loop.create_server(connection, sock=listener, ssl=context, backlog=config.backlog)
        )

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        self._ending.end_streams()
        began, limit = time.monotonic(), self.config.timeout_graceful_shutdown
        await super().shutdown(None if sockets is None else list(sockets))
        self.was_cut = limit is not None and time.monotonic() - began >= limit
