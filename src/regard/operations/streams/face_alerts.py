"""Alerts about people whom live video shows: what is kept and told of each, once they were searched for."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from regard.collections.kept_matches import still_enrolled
from regard.collections.records import StoredFace
from regard.context import Context
from regard.operations.shapes.stream_notices import NoticeEnvelope, face_fact
from regard.operations.shapes.stream_records import VideoMoment, matched_face
from regard.operations.streams.live_review import LiveReviews
from regard.operations.streams.source_watch import notices_to
from regard.streams.events import EventKind, NewEvent, NewStreamNotice, Settle, Settled, Within
from regard.streams.records import StreamProcessor
from regard.streams.steps import Raised
from regard.video.following.portraits import TrackPortrait
from regard.video.live.following import FollowedFace
from regard.video.live.stills import face_still, frame_still
from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class FoundFace:
    """An enrolled face that somebody resembles, `similarity` in percent."""

    face: StoredFace
    similarity: float

    @property
    def subject(self) -> str:
        """Whom an alert is about: the user that the face belongs to, else the face."""
        user = self.face.user_id
        return f"face/{self.face.face_id}" if user is None else f"user/{user}"


@dataclass(frozen=True, eq=False, slots=True)
class LivePicture:
    """A picture in which somebody was seen: RGB pixels (H, W, 3) uint8, and where it is in its source.

    `arrived` is in milliseconds since the epoch.
    """

    pixels: NDArray[np.uint8]
    moment: VideoMoment
    arrived: int

    def relative(self, box: Box) -> Box:
        """A box in pixels, in fractions of the picture's sides."""
        height, width = self.pixels.shape[:2]
        return box.relative_to(width, height)


RecordAlert = Callable[[str], Sequence[Within]]
"""What is written with an alert, the event of that id."""
Forget = Callable[[], object]
"""Is called where there is no alert after all, since the face was erased meanwhile."""


class FaceAlerts:
    """The alerts of one session. `reviews` are those that they open, None under no strict purpose."""

    def __init__(
        self,
        ctx: Context,
        stream: StreamProcessor,
        envelope: NoticeEnvelope,
        record_alert: RecordAlert,
        reviews: LiveReviews | None,
    ) -> None:
        self._ctx = ctx
        self._stream = stream
        self._envelope = envelope
        self._record_alert = record_alert
        self._reviews = reviews

    def raised(self, one: FollowedFace[FoundFace], picture: LivePicture, forget: Forget) -> Raised:
        """The alert about whom a face resembles most, of its matches, of which there are some.

        It is about nobody whose face is erased by the time when it is kept; then `forget` is called.
        """
        event_id = str(uuid.uuid4())
        if self._reviews is None:
            return self._named(one, picture, event_id, forget)
        return self._unnamed(self._reviews, one, picture, event_id, forget)

    def _named(
        self, one: FollowedFace[FoundFace], picture: LivePicture, event_id: str, forget: Forget
    ) -> Raised:
        event = NewEvent(
            kind=EventKind.FACE_MATCHED,
            at=picture.arrived,
            body=self._place(one, picture),
            subject=one.matches[0].subject,
            crop=face_still(picture.pixels, one.face.box),
            frame=frame_still(picture.pixels),
            event_id=event_id,
        )
        box, uri = picture.relative(one.face.box), f"/regard/v1/streams/{self._stream.name}/events/{event_id}"

        def settle(connection: Connection) -> Settled | None:
            left = self._enrolled(connection, one.matches)
            if not left:
                forget()
                return None
            matches = [matched_face(match.face, match.similarity) for match in left]
            user_id = left[0].face.user_id
            fact = face_fact(event_id, matches[0], user_id, box, picture.moment, uri)
            return Settled({"MatchedFaces": matches, "UserId": user_id}, {"faces": [fact]})

        return self._of(event, settle)

    def _unnamed(
        self,
        reviews: LiveReviews,
        one: FollowedFace[FoundFace],
        picture: LivePicture,
        event_id: str,
        forget: Forget,
    ) -> Raised:
        """Under a strict purpose: people judge whom the face resembles, and nothing else is kept of it."""
        event = NewEvent(
            kind=EventKind.FACE_MATCHED,
            at=picture.arrived,
            body=self._place(one, picture),
            subject=reviews.subject(one.matches[0].subject),
            event_id=event_id,
        )
        portrait = TrackPortrait(face_still(picture.pixels, one.face.box), one.face.quality)
        found = [(match.face, match.similarity) for match in one.matches]
        opening = reviews.opening(portrait, found, event_id, one.person)

        def settle(connection: Connection) -> Settled | None:
            left = self._enrolled(connection, one.matches)
            settled = opening(connection, {match.face.face_id for match in left}) if left else None
            if settled is None:
                forget()
            return settled

        return self._of(event, settle, kept=reviews.kept)

    def _of(self, event: NewEvent, settle: Settle, *, kept: int | None = None) -> Raised:
        return Raised(
            event=event,
            notices=self._notices(event),
            within=self._record_alert(event.event_id),
            kept=kept,
            settle=settle,
        )

    def _enrolled(self, connection: Connection, matches: Sequence[FoundFace]) -> list[FoundFace]:
        """The matches whose faces aren't erased; none where the nearest left is of another person, whom the
        next picture raises an alert about.
        """
        names = [match.face.face_id for match in matches]
        there = still_enrolled(connection, self._ctx.collection.row, names)
        left = [match for match in matches if match.face.face_id in there]
        return left if left and left[0].subject == matches[0].subject else []

    def _place(self, one: FollowedFace[FoundFace], picture: LivePicture) -> Mapping[str, Any]:
        box = picture.relative(one.face.box)
        sides = {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}
        return {"BoundingBox": sides, "InputInformation": picture.moment.input_information()}

    def _notices(self, event: NewEvent) -> list[NewStreamNotice]:
        notice = self._envelope.notice(event.kind.value, event.event_id, {})
        return notices_to(self._stream.channel, notice)
