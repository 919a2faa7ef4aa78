"""A camera that a worker runs, and what it saw: put there by a test, in the worker's place."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from regard.app import Parts
from regard.caller import LOCAL
from regard.streams.events import EventKind, NewEvent, StreamEvent
from regard.streams.leases import StreamLease, StreamLeases
from tests.responsible import Office

BOX = {"Left": -0.01, "Top": 0.2, "Width": 0.1, "Height": 0.2}


def matched(**changes: Any) -> dict[str, Any]:
    """What is kept of an alert, as records have it."""
    faces = [
        {"Similarity": similarity, "Face": {"FaceId": face, "ExternalImageId": name}}
        for similarity, face, name in ((99.6, "f-1", "eve"), (91.0, "f-2", "eva"))
    ]
    return {"MatchedFaces": faces, "UserId": "u-1", "BoundingBox": BOX, **changes}


class Porch:
    """A camera that a worker runs, and what it saw."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.office = Office(parts)
        self.leases = StreamLeases(parts.database)
        self.office.call("create_collection", CollectionId="staff")
        self.office.call(
            "create_stream_processor",
            Name="porch",
            RoleArn="arn:aws:iam::123456789012:role/r",
            Input={"KinesisVideoStream": {"Arn": "rtsp://eve:hunter2@10.0.0.7/1"}},
            Output={"KinesisDataStream": {"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/r"}},
            Settings={"FaceSearch": {"CollectionId": "staff"}},
            Tags={"regard:place": "The porch"},
        )
        self.office.call("start_stream_processor", Name="porch")
        [self.lease] = self.leases.take("w", 1)

    def saw(self, subject: str = "face/f-1", purpose: str = "general", **body: Any) -> StreamEvent:
        new = NewEvent(
            kind=EventKind.FACE_MATCHED, at=1_796_000_000_000, subject=subject, body=matched(**body),
            crop=b"a face", frame=b"a street",
        )  # fmt: skip
        processor = replace(self.parts.stores.streams.get("porch"), purpose=purpose)
        lease = StreamLease(processor, self.lease.fence)
        made = self.parts.stores.stream_events.commit(self.leases, lease, new)
        assert made is not None
        return made

    def events(self, **request: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.office.call("list_stream_events", Name="porch", **request)[
            "Events"
        ]
        return found

    def picture(self, event: StreamEvent, picture: str = "crop", name: str = "porch") -> bytes:
        wanted = {"Name": name, "EventId": event.event_id, "Picture": picture}
        answer = self.parts.gate.call("get_stream_event_picture", wanted, LOCAL)
        return bytes(answer["Picture"])
