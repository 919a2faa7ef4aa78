"""Tells whoever supervises this process how far it is: systemd's protocol, sd_notify(3)."""

from __future__ import annotations

import os
import socket
from typing import Any, Final

import structlog

READY: Final = "READY=1"
STOPPING: Final = "STOPPING=1"

log: Any = structlog.get_logger(__name__)


def tell_supervisor(state: str) -> None:
    """Sends a state to the socket that NOTIFY_SOCKET names; nothing where nobody has asked to be told."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # Linux's abstract names begin with a zero byte
        address = f"\0{address[1:]}"
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(state.encode("ascii"), address)
    except OSError as error:
        log.warning("the supervisor could not be told", state=state, reason=error.strerror)
