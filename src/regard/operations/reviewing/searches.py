"""What is reviewed of searches in a collection, for faces and for users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from regard.collections.records import StoredFace
from regard.context import Context
from regard.governance.examination.records import (
    NewReviewCandidate,
    ProbeQuality,
    Review,
    ReviewCandidate,
    SearchedGallery,
)
from regard.operations.collections.face_choice import passing_quality
from regard.operations.inputs.images import load_picture
from regard.operations.reviewing.reviewed import (
    Body,
    Found,
    digest_of,
    entries,
    face_placeholder,
    quality_of,
    user_placeholder,
)
from regard.vision.portraits import cut_portrait

_MAX_FACES = 100  # of a user


@dataclass(frozen=True, slots=True)
class FaceSearchReviewed:
    """SearchFaces and SearchFacesByImage: a candidate is an enrolled face."""

    def found(self, ctx: Context, request: Mapping[str, Any], answer: Body) -> Found | None:
        probe = _probe(ctx, request)
        if probe is None:
            return None
        matches = answer["FaceMatches"]
        faces = enrolled_faces(ctx, [match["Face"]["FaceId"] for match in matches])
        return Found(
            scope=f"faces/{ctx.collection.row}",
            probe=probe.digest,
            probe_picture=probe.picture,
            quality=probe.quality,
            gallery=searched_gallery(ctx, ctx.collection.face_count),
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
        )

    def shown(self, ctx: Context, answer: Body, review: Review | None) -> Body:
        if review is None:
            return {**answer, "FaceMatches": []}
        there = enrolled_faces(ctx, [one.name for one in review.candidates])
        listed = entries(review, lambda one: one.name in there, partial(face_placeholder, ctx, review))
        return {**answer, "FaceMatches": listed}


@dataclass(frozen=True, slots=True)
class UserSearchReviewed:
    """SearchUsers and SearchUsersByImage: a candidate is a user, shown by the surest of their pictures."""

    def found(self, ctx: Context, request: Mapping[str, Any], answer: Body) -> Found | None:
        probe = _probe(ctx, request)
        if probe is None:
            return None
        return Found(
            scope=f"users/{ctx.collection.row}",
            probe=probe.digest,
            probe_picture=probe.picture,
            quality=probe.quality,
            gallery=searched_gallery(ctx, ctx.collection.user_count),
            candidates=[
                NewReviewCandidate(
                    similarity=match["Similarity"],
                    subject=f"user/{match['User']['UserId']}",
                    entry=match,
                    face=_pictured(ctx, match["User"]["UserId"]),
                )
                for match in answer["UserMatches"]
            ],
        )

    def shown(self, ctx: Context, answer: Body, review: Review | None) -> Body:
        if review is None:
            return {**answer, "UserMatches": []}

        def is_there(one: ReviewCandidate) -> bool:
            return ctx.stores.users.vector(ctx.collection, one.name) is not None

        listed = entries(review, is_there, partial(user_placeholder, ctx, review))
        return {**answer, "UserMatches": listed}


@dataclass(frozen=True, slots=True)
class _Probe:
    """What is searched for: its digest, its face as reviewers see it, and how good that is."""

    digest: str
    picture: bytes | None
    quality: ProbeQuality | None = None


def _probe(ctx: Context, request: Mapping[str, Any]) -> _Probe | None:
    """What is searched for; None for a picture without a face."""
    row = ctx.collection.row
    if request.get("Image") is not None:
        picture = load_picture(ctx, request["Image"])
        faces, _ = passing_quality(picture.faces(), request.get("QualityFilter", "NONE"))
        if not faces:
            return None
        searched = faces[0]
        return _Probe(picture.image.digest, cut_portrait(picture.image, searched.box), quality_of(searched))
    crops = ctx.stores.accountability.examination.crops
    if request.get("FaceId") is not None:
        face = enrolled_faces(ctx, [request["FaceId"]]).get(request["FaceId"])
        picture_of = None if face is None else crops.get(face.row)
        return _Probe(digest_of("face", row, request["FaceId"]), picture_of)
    pictured = _pictured(ctx, request["UserId"])
    picture_of = None if pictured is None else crops.get(pictured)
    return _Probe(digest_of("user", row, request["UserId"]), picture_of)


def searched_gallery(ctx: Context, size: int) -> SearchedGallery:
    """The request's collection as it is searched; `size` in faces or users."""
    collection = ctx.collection
    return SearchedGallery(
        model=collection.face_model_version,
        collection_id=collection.collection_id,
        row=collection.row,
        version=collection.version,
        size=size,
    )


def enrolled_faces(ctx: Context, names: Sequence[str]) -> dict[str, StoredFace]:
    """Enrolled faces by their ids; those that there aren't are left out."""
    if not names:
        return {}
    found = ctx.stores.gallery.page(ctx.collection, after=0, limit=len(names), face_ids=names)
    return {face.face_id: face for face in found}


def _pictured(ctx: Context, user_id: str) -> int | None:
    """The row of the surest face of a user that has a picture, None where none has."""
    faces = ctx.stores.gallery.page(ctx.collection, after=0, limit=_MAX_FACES, user_id=user_id)
    having = ctx.stores.accountability.examination.crops.having([face.row for face in faces])
    pictured = [face for face in faces if face.row in having]
    return max(pictured, key=lambda face: face.confidence).row if pictured else None
