"""CompareFaces."""

from __future__ import annotations

from typing import Any

import numpy as np

from regard.context import Context
from regard.errors import InvalidParameterException
from regard.governance.permissions import Permission
from regard.governance.purpose import SIMILARITY
from regard.operations.collections.face_choice import passing_quality
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.reviewing.comparing import CompareReviewed
from regard.operations.shapes.boxes import bounding_box_in
from regard.operations.shapes.faces import face_detail
from regard.operations.withholding import MatchPath


def compare_faces(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The largest face of the source against every face of the target, the most similar first."""
    quality_filter = request.get("QualityFilter", "NONE")
    threshold = ctx.threshold
    source = load_picture(ctx, request["SourceImage"])
    sources, _ = passing_quality(source.faces(), quality_filter)
    if not sources:
        raise InvalidParameterException("Request has invalid parameters: there is no face in the SourceImage")
    target = load_picture(ctx, request["TargetImage"])
    targets, _ = passing_quality(target.faces(), quality_filter)
    if not targets:
        raise InvalidParameterException("Request has invalid parameters: there is no face in the TargetImage")
    model = ctx.face_models.default
    probe = source.embeddings(model.embedder, sources[:1])[0]
    distances = np.linalg.norm(target.embeddings(model.embedder, targets) - probe, axis=1)
    compared = sorted(
        (
            (model.curve.similarity(float(distance)), face)
            for distance, face in zip(distances, targets, strict=True)
        ),
        key=lambda pair: -pair[0],
    )
    return {
        "SourceImageFace": {
            "BoundingBox": bounding_box_in(source.image, sources[0].box),
            "Confidence": sources[0].confidence,
        },
        "FaceMatches": [
            {"Similarity": percent, "Face": face_detail(face, target.image)}
            for percent, face in compared
            if percent >= threshold
        ],
        "UnmatchedFaces": [
            face_detail(face, target.image) for percent, face in compared if percent < threshold
        ],
    }


OPERATIONS = (
    Operation(
        name="CompareFaces",
        run=compare_faces,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        matches=SIMILARITY,
        shows=MatchPath(("FaceMatches",), ("Similarity",)),
        reviewed=CompareReviewed(),
        bills=Bill.IMAGE_1,
    ),
)
