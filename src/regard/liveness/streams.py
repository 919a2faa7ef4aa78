"""The stream of a check, as what judges it sees it: events of the client come, events of the server go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from regard.errors import ServiceError

WAIT_SECONDS: Final = 60.0
"""How long a client may take from the challenge to its first video: somebody has yet to stand right."""
STALL_SECONDS: Final = 10.0
"""How long nothing may come once video has come; a browser sends some each second."""
RECORDING_SECONDS: Final = 30.0
"""How long a recording may last."""
VERDICT_SECONDS: Final = 10.0
"""How long the verdict may take after the video's end."""
STREAM_SECONDS: Final = WAIT_SECONDS + RECORDING_SECONDS + VERDICT_SECONDS
"""How long a stream lasts at most."""
VIDEO_BYTES: Final = 10_000_000
"""The longest video."""


class StreamClosedException(ServiceError):
    """The client closed the stream before the check was done."""


@dataclass(frozen=True, slots=True)
class ClientEvent:
    """An event of the client. `arrived` is in milliseconds since the epoch, by the server's clock."""

    kind: str
    body: Mapping[str, Any]
    arrived: float


class ClientStream(Protocol):
    """One client's stream. Its methods wait, and belong into a thread."""

    def receive(self, seconds: float) -> ClientEvent | None:
        """The next event; None where the client ends the stream.

        Raises ValidationException for what is no event, or when nothing has come after so many seconds;
        InvalidSignatureException for what another has signed; StreamClosedException when the client is gone.
        """
        ...

    def send(self, kind: str, body: Mapping[str, Any]) -> None:
        """Sends an event. Raises StreamClosedException when the client is gone."""
        ...

    def finish(self) -> None:
        """Says that nothing more is received: the verdict is due in `VERDICT_SECONDS`."""
        ...
