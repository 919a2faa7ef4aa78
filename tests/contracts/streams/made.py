"""Stream processors and what they see, for the tests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regard.caller import LOCAL
from regard.storage.clock import milliseconds
from regard.streams.events import EventKind, NewEvent
from regard.streams.leases import StreamLease, StreamLeases
from regard.streams.records import NewStream, StreamKind, StreamProcessor, StreamStart
from regard.streams.store import StreamStore

SECRET = "rtsp://eve:hunter2@camera.lan/1"


class Timer:
    """A clock that a test sets ahead."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return milliseconds() + self.ahead

    def wait(self, seconds: float) -> None:
        self.ahead += round(seconds * 1000)


def new_stream(name: str = "entrance", **changes: Any) -> NewStream:
    stream = NewStream(
        name=name,
        kind=StreamKind.FACE_SEARCH,
        source=SECRET,
        source_shown="rtsp://camera.lan/1",
        role_arn="arn:aws:iam::000000000000:role/r",
        caller=LOCAL,
        collection_id="staff",
        threshold=80.0,
    )
    return replace(stream, **changes)


def order(session: str = "s-1", **changes: Any) -> StreamStart:
    return replace(
        StreamStart(session=session, caller=LOCAL, request_id="r", match_threshold=80.0), **changes
    )


def started(store: StreamStore, name: str = "entrance", **changes: Any) -> StreamProcessor:
    return store.start(store.create(new_stream(name)), order(**changes))


def take(leases: StreamLeases, holder: str = "w") -> StreamLease:
    [lease] = leases.take(holder, 1)
    return lease


def matched(subject: str | None = "face/f", at: int = 1_000_000, **changes: Any) -> NewEvent:
    event = NewEvent(kind=EventKind.FACE_MATCHED, at=at, subject=subject, body={"similarity": 99.5})
    return replace(event, **changes)
