"""One server on several sockets: plain HTTP, the same application over TLS, another one beside it."""

from __future__ import annotations

import asyncio
import copy
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp


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


class ListeningServer(uvicorn.Server):
    """uvicorn's server, which listens on a second socket by TLS where there is one, and on a third for
    `other`.

    `end_streams` is called when it stops: it waits for answers that go on, and some would for ever.

    uvicorn itself speaks TLS on all its sockets or on none. Connections of all are counted together, so that
    the end of the server waits for both.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        tls: TlsListener | None,
        *,
        other: OtherListener | None = None,
        end_streams: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._tls = tls
        self._other = other
        self._end_streams = end_streams

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(None if sockets is None else list(sockets))
        if self._tls is not None:
            await self._listen(self.config, self._tls.listener, self._tls.context)
        if self._other is not None:
            config = copy.copy(self.config)
            config.app, config.loaded = self._other.application, False
            config.load()
            await self._listen(config, self._other.listener, None)

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
        self._end_streams()
        await super().shutdown(None if sockets is None else list(sockets))
