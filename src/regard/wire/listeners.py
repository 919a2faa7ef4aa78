"""One server on two sockets: plain HTTP, and the same application over TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import uvicorn


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
    """uvicorn's server, which listens on a second socket by TLS where there is one.

    `end_streams` is called when it stops: it waits for answers that go on, and some would for ever.

    uvicorn itself speaks TLS on all its sockets or on none. Connections of both are counted together, so that
    the end of the server waits for both.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        tls: TlsListener | None,
        *,
        end_streams: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(config)
        self._tls = tls
        self._end_streams = end_streams

    async def startup(self, sockets: Sequence[socket.socket] | None = None) -> None:
        await super().startup(None if sockets is None else list(sockets))
        if self._tls is None:
            return
        self.servers.append(
            await asyncio.get_running_loop().create_server(
                self._connection,
                sock=self._tls.listener,
                ssl=self._tls.context,
                backlog=self.config.backlog,
            )
        )

    async def shutdown(self, sockets: Sequence[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(None if sockets is None else list(sockets))

    def _connection(self) -> asyncio.Protocol:
        protocol = self.config.http_protocol_class
        return protocol(  # type: ignore[call-arg, no-any-return, unused-ignore]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
