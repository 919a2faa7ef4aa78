"""Tickets to watch a live picture: a browser can't sign the request of an image."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from typing import Final

from regard.errors import RegardError
from regard.storage.encryption import Cipher

MINUTES: Final = 10
"""For how long somebody may watch by one ticket."""
_BOUND: Final = "live-view"


@dataclass(frozen=True, slots=True)
class ViewTicket:
    """Leave to watch one session of a stream processor until a moment, in milliseconds since the epoch."""

    name: str
    session: str
    until: int


class ViewTickets:
    """Tickets that nobody can make or change who has not the key of the data folder."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def issue(self, ticket: ViewTicket) -> str:
        """The ticket as text that a URL may hold."""
        content = json.dumps([ticket.name, ticket.session, ticket.until]).encode()
        return urlsafe_b64encode(self._cipher.encrypt(content, _BOUND)).decode().rstrip("=")

    def read(self, text: str, now: int) -> ViewTicket | None:
        """The ticket, None where it is none, or its time is over."""
        try:
            encrypted = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
            name, session, until = json.loads(self._cipher.decrypt(encrypted, _BOUND))
        except (Error, ValueError, RegardError):
            return None
        return ViewTicket(name, session, until) if now < until else None
