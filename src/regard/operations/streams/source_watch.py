"""That a source has given no picture for a minute, and that it is back: told once each."""

from __future__ import annotations

import json

from regard.operations.shapes.stream_notices import NoticeEnvelope
from regard.streams.events import EventKind, NewEvent, NewStreamNotice
from regard.streams.steps import Raised

LOST_AFTER = 60.0  # seconds without a picture


class SourceWatch:
    """One source of one session. Times are in seconds since the epoch.

    `began` is when the session was taken up, and `is_lost` whether its source was lost by then. `channel` is
    whom it is told, None for nobody.
    """

    def __init__(
        self, envelope: NoticeEnvelope, channel: str | None, began: float, *, is_lost: bool = False
    ) -> None:
        self._envelope = envelope
        self._channel = channel
        self._last = began
        self.is_lost = is_lost

    def picture(self, now: float) -> list[Raised]:
        """A picture has come."""
        self._last = now
        if not self.is_lost:
            return []
        self.is_lost = False
        return [self._raised(EventKind.SOURCE_BACK, now, "Pictures come again.")]

    def nothing(self, now: float, why: str | None) -> list[Raised]:
        """None has come until now; `why` is a sentence without URL, or None."""
        if self.is_lost or now - self._last < LOST_AFTER:
            return []
        self.is_lost = True
        return [self._raised(EventKind.SOURCE_LOST, now, why or "No picture has come.")]

    def _raised(self, kind: EventKind, now: float, why: str) -> Raised:
        event = NewEvent(kind=kind, at=round(now * 1000), body={"message": why})
        notice = self._envelope.notice(kind.value, event.event_id, {"message": why})
        return Raised(event=event, notices=notices_to(self._channel, notice))


def notices_to(channel: str | None, notice: dict[str, object]) -> list[NewStreamNotice]:
    """What is told to a channel, if there is one."""
    return [] if channel is None else [NewStreamNotice(channel=channel, message=json.dumps(notice))]
