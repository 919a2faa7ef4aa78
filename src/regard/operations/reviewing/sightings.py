"""What is reviewed of searches in moving pictures: each person whom one has found, by a portrait of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from regard.collections.kept_matches import still_enrolled
from regard.context import Context
from regard.errors import AccessDeniedException
from regard.governance.examination.records import NewReview, NewReviewCandidate, ProbeQuality
from regard.jobs.records import Settle
from regard.operations.reviewing.reviewed import digest_of
from regard.operations.reviewing.searches import enrolled_faces, searched_gallery
from regard.video.following.portraits import TrackPortrait

REVIEW: Final = "Review"
"""The member of a kept item that names the review of its matches, which stand nowhere else."""


def sighting_review(
    ctx: Context,
    portrait: TrackPortrait | None,
    matches: Sequence[Mapping[str, Any]],
    authorization_id: str,
    *,
    name: str,
    due: int | None = None,
) -> NewReview:
    """The review of somebody whom a search under a strict purpose found in moving pictures.

    `portrait` is their best sight's, None where there is none; `matches` are FaceMatches, the most alike
    first, `name` what names the person where no picture does, `due` as in `NewReview`. Whoever keeps the find
    opens it in the same transaction (`FoundReviews.open`).
    """
    person, case = ctx.caller.person_id, ctx.open_case
    if person is None or case is None or ctx.strict is None:
        raise AccessDeniedException("A search under a strict purpose is a person's, on a case.")
    ctx.stores.accountability.examination.reviews.expire()
    picture, quality = (None, None) if portrait is None else (portrait.picture, portrait.quality)
    faces = enrolled_faces(ctx, [match["Face"]["FaceId"] for match in matches])
    return NewReview(
        case_id=case.case_id,
        operation=ctx.operation,
        purpose=ctx.strict,
        scope=f"faces/{ctx.collection.row}",
        probe=digest_of("person", name) if picture is None else hashlib.sha256(picture).hexdigest(),
        probe_picture=picture,
        quality=None if quality is None else ProbeQuality(quality.brightness, quality.sharpness),
        gallery=searched_gallery(ctx, ctx.collection.face_count),
        threshold=ctx.threshold,
        searcher=person,
        request_id=ctx.request_id,
        candidates=[
            NewReviewCandidate(
                similarity=match["Similarity"],
                subject=f"face/{match['Face']['FaceId']}",
                entry=match,
                face=faces[match["Face"]["FaceId"]].row,
            )
            for match in matches
            if match["Face"]["FaceId"] in faces
        ],
        authorization_id=authorization_id,
        due=due,
    )


def settle_track(
    ctx: Context, portrait: TrackPortrait | None, matches: Sequence[Mapping[str, Any]], track: str
) -> Settle:
    """Opens the review of a track of a job's video in the transaction that keeps what it resembles.

    Nobody is a candidate there whose face is erased by then. What is kept is the review's id, and no match.
    Raises AccessDeniedException for a job that isn't authorized.
    """
    job = ctx.job
    if job.authorization_id is None:
        raise AccessDeniedException("Under a strict purpose videos are searched by an authorization.")
    name = f"{job.job_id}/{track}"
    new = sighting_review(ctx, portrait, matches, job.authorization_id, name=name)

    def settle(connection: Connection) -> Mapping[str, Any]:
        found = ctx.stores.accountability.examination.found
        there = still_enrolled(connection, ctx.collection.row, [match["Face"]["FaceId"] for match in matches])
        left = [one for one in new.candidates if one.subject.removeprefix("face/") in there]
        review = found.open(connection, replace(new, candidates=left), key=ctx.caller.key_id, job=job.job_id)
        return {"FaceMatches": []} | ({} if review is None else {REVIEW: review.review_id})

    return settle
