"""What of a search is reviewed, as each operation that searches says it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from regard.context import Context
from regard.governance.examination.records import (
    NewReviewCandidate,
    ProbeQuality,
    Review,
    ReviewCandidate,
    SearchedGallery,
)
from regard.governance.examination.states import SHOWN, WAITING
from regard.vision.faces import Face

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found. `scope`, `probe` and the others are as in `NewReview`."""

    scope: str
    probe: str
    probe_picture: bytes | None = field(repr=False)
    quality: ProbeQuality | None
    gallery: SearchedGallery
    candidates: Sequence[NewReviewCandidate]


class Reviewed(Protocol):
    """How the answers of an operation are reviewed."""

    def found(self, ctx: Context, request: Mapping[str, Any], answer: Body, /) -> Found | None:
        """What the answer found; None where nobody was searched for."""
        ...

    def shown(self, ctx: Context, answer: Body, review: Review | None, /) -> Body:
        """The answer as it may be shown by what the review has come to; None where nobody is reviewed."""
        ...


def quality_of(face: Face) -> ProbeQuality:
    """The quality of a face in the picture that was searched for."""
    return ProbeQuality(face.quality.brightness, face.quality.sharpness)


def digest_of(*parts: object) -> str:
    """The SHA-256, hex, of a probe that is no picture, or of what else names a search."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def placeholder_name(review: Review, one: ReviewCandidate) -> str:
    """What stands where a name would be: `PENDING_REVIEW:R-2026-000456:2`."""
    return f"PENDING_REVIEW:{review.review_id}:{one.number}"


def face_placeholder(ctx: Context, review: Review, one: ReviewCandidate) -> Body:
    """What stands for a FaceMatch. Its FaceId is random, and no operation knows it."""
    face = {"FaceId": str(uuid.uuid4()), "ExternalImageId": placeholder_name(review, one)}
    return {"Similarity": ctx.threshold, "Face": face}


def user_placeholder(ctx: Context, review: Review, one: ReviewCandidate) -> Body:
    """What stands for a UserMatch."""
    return {"Similarity": ctx.threshold, "User": {"UserId": placeholder_name(review, one)}}


def entries(
    review: Review,
    is_there: Callable[[ReviewCandidate], bool],
    placeholder: Callable[[ReviewCandidate], Body],
) -> list[Body]:
    """The entries of a list of matches: who was judged a lead and is still there, the most alike first, then
    placeholders of those who wait. Placeholders are in the order of their numbers, which tells nothing.
    """
    known = (one for one in review.candidates if one.entry and one.status in SHOWN)
    leads = sorted(known, key=lambda one: one.rank)
    waiting: Iterable[ReviewCandidate] = (one for one in review.candidates if one.status in WAITING)
    return [dict(one.entry) for one in leads if is_there(one)] + [placeholder(one) for one in waiting]
