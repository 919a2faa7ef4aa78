"""Tickets to watch a live picture: a browser can't sign the request of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from regard.storage.encryption import Cipher
from regard.storage.sealed_addresses import SealedAddresses

MINUTES: Final = 10
"""For how long somebody may watch by one ticket."""


@dataclass(frozen=True, slots=True)
class ViewTicket:
    """Leave to watch one session of a stream processor until a moment, in milliseconds since the epoch."""

    name: str
    session: str
    until: int


class ViewTickets:
    """Tickets that nobody can make or change who has not the key of the data folder."""

    def __init__(self, cipher: Cipher) -> None:
        self._addresses = SealedAddresses(cipher, "live-view")

    def issue(self, ticket: ViewTicket) -> str:
        """The ticket as text that a URL may hold."""
        return self._addresses.seal([ticket.name, ticket.session, ticket.until])

    def read(self, text: str, now: int) -> ViewTicket | None:
        """The ticket, None where it is none, or its time is over."""
        match self._addresses.open(text):
            case [str(name), str(session), int(until)] if now < until:
                return ViewTicket(name, session, until)
        return None
