"""WebSockets as AWS's component for browsers wants them closed.

The component closes with a code of its own (4001: the face didn't come into the oval in time), and tells
its user why. An echo of that code, as RFC 6455 suggests, has it say "Server issue" in place of that: it is
answered 1000.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Close, Frame, Opcode
from websockets.server import ServerProtocol


class BrowserWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which answers any close frame with code 1000, and which a server that stops leaves
    open until its application has closed it: a check of liveness that is under way is finished.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.conn = _NormalClosing(max_size=self.config.ws_max_size, logger=self.logger)

    def shutdown(self) -> None:
        """A server that stops asks each connection to end."""
        if not self.handshake_complete or self.close_sent:
            super().shutdown()


class _NormalClosing(ServerProtocol):
    def send_frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.CLOSE and self.close_rcvd is not None:  # ours would have come before it
            frame = Frame(Opcode.CLOSE, Close(1000, "").serialize())
        super().send_frame(frame)
