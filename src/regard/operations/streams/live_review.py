"""Whom live video shows under a strict purpose: people judge it, and until then nobody is named."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from regard.collections.records import StoredFace
from regard.context import Context
from regard.errors import AccessDeniedException
from regard.governance.examination.states import SHOWN, WAITING, CandidateStatus
from regard.operations.reviewing.recorded import unnamed_match
from regard.operations.reviewing.sightings import REVIEW, sighting_review
from regard.operations.shapes.faces import stored_face
from regard.operations.shapes.stream_records import matched_face
from regard.operations.streams.judgements import Judgements
from regard.storage.clock import milliseconds
from regard.streams.events import Settled
from regard.streams.records import StreamProcessor
from regard.video.following.portraits import TrackPortrait

_JUDGED_WITHIN = 10 * 60_000
"""Milliseconds after which an alert that nobody has judged has expired: whoever it is about is gone."""
_HOUR = 3_600_000
_UNJUDGED = CandidateStatus.PENDING_REVIEW

Open = Callable[[Connection, Collection[str]], Settled | None]
"""Opens a review, in the transaction that keeps the alert, of those candidates whose FaceIds are given."""


class LiveReviews:
    """The reviews of one session under a strict purpose. Raises AccessDeniedException where it isn't
    authorized.
    """

    def __init__(self, ctx: Context, stream: StreamProcessor) -> None:
        if ctx.grant is None:
            raise AccessDeniedException("Under a strict purpose live video is searched by an authorization.")
        self._ctx = ctx
        self._stream = stream
        self._authorization = ctx.grant.authorization_id
        self._judgements = Judgements(ctx.stores.accountability.examination.reviews)

    @property
    def kept(self) -> int:
        """For how many milliseconds an alert is kept that nobody has confirmed."""
        hours = self._ctx.stores.accountability.profiles.rules.retention["alert_unconfirmed"]
        return min(hours * _HOUR, self._ctx.settings.event_days * 24 * _HOUR)

    def placeholder(self, face: StoredFace) -> dict[str, Any]:
        """What stands for an enrolled face in the records of this session."""
        return unnamed_match(face.face_id, self._stream.session or "", self._ctx.threshold)

    def subject(self, subject: str) -> str:
        """Whom an alert is about, in place of their name: the same in all of a session."""
        stand_in = unnamed_match(subject, self._stream.session or "", self._ctx.threshold)
        return f"unnamed/{stand_in['Face']['FaceId']}"

    def opening(
        self,
        portrait: TrackPortrait,
        found: Sequence[tuple[StoredFace, float]],
        event_id: str,
        person: int,
    ) -> Open:
        """Opens the review of somebody, with the alert about them. `found` are enrolled faces and their
        similarities, percent, the most alike first; `person` is who it is among those who are followed. The
        alert names the review, and nothing else.
        """
        ctx, version = self._ctx, self._ctx.face_model.version
        matches = [
            {"Similarity": similarity, "Face": stored_face(face, version)} for face, similarity in found
        ]
        new = sighting_review(
            ctx,
            portrait,
            matches,
            self._authorization,
            name=event_id,
            due=milliseconds() + _JUDGED_WITHIN,
        )

        def opened(connection: Connection, enrolled: Collection[str]) -> Settled | None:
            left = [one for one in new.candidates if one.subject.removeprefix("face/") in enrolled]
            review = ctx.stores.accountability.examination.found.open(
                connection,
                replace(new, candidates=left),
                key=ctx.caller.key_id,
                stream=self._stream.name,
                session=self._stream.session,
            )
            if review is None:
                return None
            self._judgements.follow(person, review.review_id)
            told = {"review": review.review_id, "status": CandidateStatus.PENDING_REVIEW.value}
            return Settled({REVIEW: review.review_id}, told)

        return opened

    def matches(self, person: int, found: Sequence[tuple[StoredFace, float]]) -> list[dict[str, Any]]:
        """Whom somebody resembles, as records have it: who was judged a lead in the review of this very
        person, the most alike first, then placeholders of those whom nobody has judged.
        """
        judged = self._judgements.of(person)
        leads = [one for one in found if judged.get(one[0].face_id) in SHOWN]
        waiting = [one for one in found if judged.get(one[0].face_id, _UNJUDGED) in WAITING]
        unnamed = [self.placeholder(face) for face, _ in waiting]
        named = [matched_face(face, similarity) for face, similarity in leads]
        return named + sorted(unnamed, key=lambda one: str(one["Face"]["FaceId"]))

    def forget_all_but(self, persons: Collection[int]) -> None:
        """Forgets the reviews of people who aren't followed any more."""
        self._judgements.forget_all_but(persons)
