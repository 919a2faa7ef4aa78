"""Face search in a live source: from samples to records, and an alert about each person once a sighting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.collections.kept_matches import enrolled_among
from regard.collections.records import StoredFace
from regard.context import Context
from regard.operations.collections.search import search_listed
from regard.operations.shapes.stream_notices import NoticeEnvelope
from regard.operations.shapes.stream_records import (
    VideoMoment,
    face_search_record,
    face_search_response,
    matched_face,
    record_text,
)
from regard.operations.streams.face_alerts import FaceAlerts, FoundFace, LivePicture, RecordAlert
from regard.operations.streams.live_review import LiveReviews
from regard.operations.streams.moments import moment_of
from regard.streams.records import StreamProcessor
from regard.streams.steps import LiveMark, Raised, StreamStep
from regard.video.live.attention import Attention
from regard.video.live.face_finding import LiveFindings
from regard.video.live.following import FollowedFace, FollowedFaces
from regard.video.live.samples import LiveSample

_MAX_MATCHES = 10  # of a face
_STILL_RECORDS = 1_000  # ms between two records while nothing moves
_NOTE_SEEN = 10_000  # ms between two notes of who is still seen


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
        self._quiet = quiet
        self._curve = ctx.face_model.curve
        self._attention = Attention()
        self._reviews = None if ctx.strict is None else LiveReviews(ctx, stream)
        self._alerts_of = FaceAlerts(ctx, stream, envelope, record_alert, self._reviews)
        self._faces = FollowedFaces[FoundFace](ctx.face_model, self._search, remembers=self._reviews is None)
        self._alerted: dict[str, int] = {}  # by subject: until when they were seen, ms since the epoch
        self._noted = 0
        self._recorded = 0
        self.matched: set[int] = set()
        """Those who resembled somebody, each by their number."""

    @property
    def tracks(self) -> int:
        """How many faces were followed."""
        return self._faces.passed

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
        found = self._faces.observe(sample.at, LiveFindings(self._ctx.models.faces, pixels, region))
        seen = self._without_erased(found)
        if self._reviews is not None:
            self._reviews.forget_all_but(self._faces.persons)
        responses = [face_search_response(one.face, self._matched(one), width, height) for one in seen]
        self._recorded = sample.at
        self.matched |= {one.person for one in seen if one.matches}
        return StreamStep(
            records=[record_text(face_search_record(moment, responses))],
            raised=self._alerts(seen, LivePicture(pixels, moment, round(sample.arrived * 1000))),
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
        return [record_text(face_search_record(moment, []))]

    def _alerts(self, seen: Sequence[FollowedFace[FoundFace]], picture: LivePicture) -> list[Raised]:
        """An alert about each person who was unseen for the quiet time, the nearest match of a face alone."""
        raised = []
        for one in seen:
            if not one.matches:
                continue
            subject = one.matches[0].subject
            before = self._alerted.get(subject)
            self._alerted[subject] = picture.arrived
            if before is None or picture.arrived - before >= self._quiet:
                raised.append(self._alerts_of.raised(one, picture, partial(self._alerted.pop, subject, None)))
        return raised

    def _without_erased(self, seen: Sequence[FollowedFace[FoundFace]]) -> list[FollowedFace[FoundFace]]:
        """The same without matches whose faces were erased since they were searched for."""
        names = {match.face.face_id for one in seen for match in one.matches}
        if not names:
            return list(seen)
        with self._ctx.stores.database.read() as connection:
            there = enrolled_among(connection, self._ctx.collection.row, names)
        return [
            replace(one, matches=tuple(match for match in one.matches if match.face.face_id in there))
            for one in seen
        ]

    def _matched(self, one: FollowedFace[FoundFace]) -> list[dict[str, Any]]:
        """Whom somebody resembles, as records have it."""
        found = [(match.face, match.similarity) for match in one.matches]
        if self._reviews is not None:
            return self._reviews.matches(one.person, found)
        return [matched_face(face, similarity) for face, similarity in found]

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
