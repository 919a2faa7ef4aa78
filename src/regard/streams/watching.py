"""What somebody with a ticket sees of a running processor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher
from regard.streams.live_view import LiveViewClient
from regard.streams.records import StreamProcessor
from regard.streams.store import StreamStore
from regard.streams.view_tickets import ViewTicket, ViewTickets


class LiveWatching:
    """The live views of one server. `folder` is the data folder, `keys` that of the keys that encrypt."""

    def __init__(self, streams: StreamStore, folder: Path, keys: Path) -> None:
        self._streams = streams
        self._client = LiveViewClient(folder)
        self._tickets = ViewTickets(Cipher(keys))

    def pictures(self, ticket: str) -> Iterator[bytes] | None:
        """JPEGs while the ticket and its session last; None for a ticket that is none, or over."""
        found = self._tickets.read(ticket, milliseconds())
        stream = None if found is None else self._streams.find(found.name)
        if found is None or stream is None or stream.session != found.session:
            return None
        return self._watched(stream, found)

    def _watched(self, stream: StreamProcessor, ticket: ViewTicket) -> Iterator[bytes]:
        for still in self._client.watch(stream):
            if milliseconds() >= ticket.until:
                return
            yield still.picture
