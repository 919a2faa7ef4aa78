"""The way from FFmpeg to a server: a connection to the address that was checked, and to no other.

FFmpeg follows an RTSP redirect by itself, wherever it leads. So it speaks to a port of this process, through
which a redirect doesn't come. TLS (rtsps://, rtmps://) ends here too: FFmpeg checks no certificate unless it
is told to, and would check it against the address in place of the name.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import ssl
import threading
from collections.abc import Callable

from regard.video.live.failures import SourceFailed
from regard.video.live.http_opening import connect
from regard.video.live.networks import AllowedNetworks

_REDIRECT = re.compile(rb"RTSP/[0-9]\.[0-9] +3")
_LONGEST = 16  # bytes of a status line up to the 3, at the highest
_PIECE = 1 << 16  # bytes
_WAIT = 10.0  # s for FFmpeg to connect
_STALLED = 10.0  # s for the rest of what has begun to come, and to send a request

Refuse = Callable[[Exception], object]


class SourceRelay:
    """One connection, which ends with either end of it. Waits for it on 127.0.0.1, at `port`."""

    def __init__(
        self,
        host: str,
        port: int,
        networks: AllowedNetworks,
        *,
        secure: ssl.SSLContext | None,
        refuse: Refuse,
    ) -> None:
        """Connects, by TLS where there is a context for it. `refuse` is told of a redirect, in a thread.

        Raises SourceRefused, and OSError where there is no connection, or a certificate that isn't believed.
        """
        self._refuse = refuse
        self._using = threading.Lock()  # a TLS connection is for one thread at a time
        self._far = connect(host, port, networks)
        try:
            if secure is not None:
                self._far = secure.wrap_socket(self._far, server_hostname=host)
            self._far.settimeout(_STALLED)
            self._listener = socket.create_server(("127.0.0.1", 0))
        except BaseException:
            self._far.close()
            raise
        self._listener.settimeout(_WAIT)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, name="source-relay", daemon=True).start()

    def _accept(self) -> None:
        with self._listener:
            try:
                near = self._listener.accept()[0]
            except OSError:
                self._far.close()
                return
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=self._carry, args=(near,), name="source-relay", daemon=True).start()
        self._answer(near)

    def _answer(self, near: socket.socket) -> None:
        """From the server to FFmpeg."""
        before = b""
        with contextlib.suppress(OSError):
            while data := self._receive():
                if _REDIRECT.search(before + data):
                    self._refuse(SourceFailed("It redirects: give the URL that it redirects to."))
                    break
                before = (before + data)[-_LONGEST:]
                near.sendall(data)
        _end(near)

    def _receive(self) -> bytes:
        pending = isinstance(self._far, ssl.SSLSocket) and self._far.pending()
        if not pending:
            select.select([self._far], [], [])
        with self._using:
            return self._far.recv(_PIECE)

    def _carry(self, near: socket.socket) -> None:
        """From FFmpeg to the server."""
        with contextlib.suppress(OSError):
            while data := near.recv(_PIECE):
                with self._using:
                    self._far.sendall(data)
        _end(self._far)


def _end(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
