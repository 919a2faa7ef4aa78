"""Face search in a live source: from samples to records, and an alert about each person once a sighting."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.collections.records import StoredFace
from regard.context import Context
from regard.operations.collections.search import search_listed
from regard.operations.shapes.stream_notices import NoticeEnvelope, face_fact
from regard.operations.shapes.stream_records import (
    VideoMoment,
    face_search_record,
    face_search_response,
    matched_face,
)
from regard.operations.streams.live_review import LiveReviews
from regard.operations.streams.moments import moment_of
from regard.operations.streams.source_watch import notices_to
from regard.streams.events import EventKind, NewEvent, NewStreamNotice, Within
from regard.streams.records import StreamProcessor
from regard.streams.steps import LiveMark, Raised, StreamStep
from regard.video.following.portraits import TrackPortrait
from regard.video.live.attention import Attention
from regard.video.live.face_finding import LiveFindings
from regard.video.live.following import FollowedFace, FollowedFaces
from regard.video.live.samples import LiveSample
from regard.video.live.stills import face_still, frame_still

_MAX_MATCHES = 10  # of a face
_STILL_RECORDS = 1_000  # ms between two records while nothing moves
_NOTE_SEEN = 10_000  # ms between two notes of who is still seen


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


RecordAlert = Callable[[str], Sequence[Within]]
"""What is written with an alert, the event of that id."""


class FaceWatch:
    """The face search of one processor, as `ctx` was admitted.

    `quiet` is for how many ms somebody must be unseen before there is another alert about them.
    """

    def __init__(
        self,
        ctx: Context,
        stream: StreamProcessor,
        envelope: NoticeEnvelope,
        record_alert: RecordAlert,
        *,
        quiet: int,
    ) -> None:
        self._ctx = ctx
        self._stream = stream
        self._envelope = envelope
        self._record_alert = record_alert
        self._quiet = quiet
        self._curve = ctx.face_model.curve
        self._attention = Attention()
        self._reviews = None if ctx.strict is None else LiveReviews(ctx, stream)
        self._faces = FollowedFaces[FoundFace](ctx.face_model, self._search, remembers=self._reviews is None)
        self._alerted: dict[str, int] = {}  # by subject: until when they were seen, ms since the epoch
        self._noted = 0
        self._recorded = 0
        self.matched: set[int] = set()
        """The tracks that resembled somebody."""

    @property
    def tracks(self) -> int:
        """How many tracks there were."""
        return self._faces.tracks

    def observe(self, sample: LiveSample) -> StreamStep:
        """What a sample shows."""
        width, height = sample.width, sample.height
        followed = self._faces.places(sample.at)
        region = None
        if not sample.is_still or followed:
            region = self._attention.region(sample.at, sample.moved, followed, width, height)
        moment = moment_of(self._stream, sample)
        if region is None:
            self._faces.observe(sample.at, None)
            return StreamStep(records=self._still_records(sample, moment), marks=())
        pixels = sample.image.pixels()
        seen = self._faces.observe(sample.at, LiveFindings(self._ctx.models.faces, pixels, region))
        responses = [
            face_search_response(one.face, self._matched(one.matches), width, height) for one in seen
        ]
        self._recorded = sample.at
        self.matched |= {one.track for one in seen if one.matches and one.track >= 0}
        return StreamStep(
            records=[_text(face_search_record(moment, responses))],
            raised=self._alerts(seen, sample, moment, pixels),
            seen=self._seen(sample),
            marks=[self._mark(one, width, height) for one in seen],
            has_examined=True,
            is_urgent=self._faces.has_undecided,
        )

    def _search(self, probe: NDArray[np.float32]) -> list[FoundFace]:
        found = search_listed(self._ctx, self._ctx.collection, probe, _MAX_MATCHES)
        return [FoundFace(match.face, self._curve.similarity(match.distance)) for match in found]

    def _still_records(self, sample: LiveSample, moment: VideoMoment) -> list[str]:
        """While nothing moves and nobody is followed: each second that nobody is there."""
        if sample.at - self._recorded < _STILL_RECORDS:
            return []
        self._recorded = sample.at
        return [_text(face_search_record(moment, []))]

    def _alerts(
        self,
        seen: Sequence[FollowedFace[FoundFace]],
        sample: LiveSample,
        moment: VideoMoment,
        pixels: NDArray[np.uint8],
    ) -> list[Raised]:
        """An alert about each person who was unseen for the quiet time, the nearest match of a face alone."""
        now, raised = round(sample.arrived * 1000), []
        for one in seen:
            if not one.matches:
                continue
            best = one.matches[0]
            before = self._alerted.get(best.subject)
            self._alerted[best.subject] = now
            if before is None or now - before >= self._quiet:
                raised.append(self._alert(one, best, now, sample, moment, pixels))
        return raised

    def _alert(
        self,
        one: FollowedFace[FoundFace],
        best: FoundFace,
        now: int,
        sample: LiveSample,
        moment: VideoMoment,
        pixels: NDArray[np.uint8],
    ) -> Raised:
        box = one.face.box.relative_to(sample.width, sample.height)
        crop, event_id = face_still(pixels, one.face.box), str(uuid.uuid4())
        sides = {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}
        body = {"BoundingBox": sides, "InputInformation": moment.input_information()}
        if self._reviews is not None:
            event = NewEvent(
                kind=EventKind.FACE_MATCHED,
                at=now,
                body=body,
                subject=self._kept_subject(best.subject),
                event_id=event_id,
            )
            found = [(match.face, match.similarity) for match in one.matches]
            portrait = TrackPortrait(crop, one.face.quality)
            return Raised(
                event=event,
                notices=self._notices(event, {}),
                within=self._record_alert(event_id),
                kept=self._reviews.kept,
                settle=self._reviews.settle(portrait, found, event_id),
            )
        matches = self._matched(one.matches)
        event = NewEvent(
            kind=EventKind.FACE_MATCHED,
            at=now,
            body={**body, "MatchedFaces": matches, "UserId": best.face.user_id},
            subject=self._kept_subject(best.subject),
            crop=crop,
            frame=frame_still(pixels),
            event_id=event_id,
        )
        uri = f"/regard/v1/streams/{self._stream.name}/events/{event_id}"
        fact = face_fact(event_id, matches[0], best.face.user_id, box, moment, uri)
        return Raised(
            event=event,
            notices=self._notices(event, {"faces": [fact]}),
            within=self._record_alert(event_id),
        )

    def _notices(self, event: NewEvent, facts: Mapping[str, Any]) -> list[NewStreamNotice]:
        notice = self._envelope.notice(event.kind.value, event.event_id, facts)
        return notices_to(self._stream.channel, notice)

    def _matched(self, matches: Sequence[FoundFace]) -> list[dict[str, Any]]:
        """Whom somebody resembles, as records have it: under a strict purpose nobody is named."""
        if self._reviews is None:
            return [matched_face(match.face, match.similarity) for match in matches]
        unnamed = [self._reviews.placeholder(match.face) for match in matches]
        return sorted(unnamed, key=lambda one: str(one["Face"]["FaceId"]))

    def _mark(self, one: FollowedFace[FoundFace], width: int, height: int) -> LiveMark:
        """What the live view shows: a name under no strict purpose."""
        box = one.face.box.relative_to(width, height)
        best = one.matches[0] if one.matches and self._reviews is None else None
        return LiveMark(
            left=box.left,
            top=box.top,
            width=box.width,
            height=box.height,
            caption="" if best is None else f"{_name(best.face)} {best.similarity:.1f} %",
            is_match=best is not None,
        )

    def _seen(self, sample: LiveSample) -> dict[str, int]:
        """Now and then, who is still seen; those who are long gone are forgotten."""
        now = round(sample.arrived * 1000)
        if now - self._noted < _NOTE_SEEN:
            return {}
        self._alerted = {who: then for who, then in self._alerted.items() if now - then < self._quiet}
        noted = {self._kept_subject(who): then for who, then in self._alerted.items() if then > self._noted}
        self._noted = now
        return noted

    def _kept_subject(self, subject: str) -> str:
        """Whom an alert is about, as the database keeps it."""
        return subject if self._reviews is None else self._reviews.subject(subject)


def _name(face: StoredFace) -> str:
    return face.user_id or face.external_image_id or face.face_id


def _text(record: dict[str, object]) -> str:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False)
