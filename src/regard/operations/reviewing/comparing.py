"""What is reviewed of CompareFaces."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regard.context import Context
from regard.governance.examination.records import NewReviewCandidate, Review, SearchedGallery
from regard.governance.examination.reviews import waits
from regard.governance.examination.states import SHOWN
from regard.operations.collections.face_choice import passing_quality
from regard.operations.inputs.images import load_picture
from regard.operations.reviewing.reviewed import Body, Found, digest_of, quality_of
from regard.operations.shapes.boxes import bounding_box_in
from regard.vision.portraits import cut_portrait


@dataclass(frozen=True, slots=True)
class CompareReviewed:
    """CompareFaces: a candidate is a face of the target. While it waits, neither list claims anything."""

    def found(self, ctx: Context, request: Mapping[str, Any], answer: Body) -> Found | None:
        quality = request.get("QualityFilter", "NONE")
        source, target = load_picture(ctx, request["SourceImage"]), load_picture(ctx, request["TargetImage"])
        [searched, *_], _ = passing_quality(source.faces(), quality)
        targets, _ = passing_quality(target.faces(), quality)
        boxes = {_subject(bounding_box_in(target.image, face.box)): face.box for face in targets}
        return Found(
            scope=f"compare/{target.image.digest}",
            probe=source.image.digest,
            probe_picture=cut_portrait(source.image, searched.box),
            quality=quality_of(searched),
            gallery=SearchedGallery(model=ctx.face_models.default.version, size=len(targets)),
            candidates=[
                NewReviewCandidate(
                    similarity=match["Similarity"],
                    subject=_subject(match["Face"]["BoundingBox"]),
                    entry=match,
                    picture=cut_portrait(target.image, boxes[_subject(match["Face"]["BoundingBox"])]),
                )
                for match in answer["FaceMatches"]
            ],
        )

    def shown(self, _ctx: Context, answer: Body, review: Review | None) -> Body:
        if review is not None and waits(review):
            return {**answer, "FaceMatches": [], "UnmatchedFaces": []}
        found = () if review is None else review.candidates
        leads = [one for one in found if one.entry and one.status in SHOWN]
        matched = {one.subject for one in leads}
        compared = [match["Face"] for match in answer["FaceMatches"]] + answer["UnmatchedFaces"]
        return {
            **answer,
            "FaceMatches": [dict(one.entry) for one in sorted(leads, key=lambda one: one.rank)],
            "UnmatchedFaces": [face for face in compared if _subject(face["BoundingBox"]) not in matched],
        }


def _subject(box: Mapping[str, float]) -> str:
    return f"box/{digest_of(*(round(box[name], 6) for name in sorted(box)))[:32]}"
