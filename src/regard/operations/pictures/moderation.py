"""DetectModerationLabels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.errors import ResourceNotFoundException, ResourceNotReadyException
from regard.governance.permissions import Permission
from regard.governance.reviews import ModerationReview
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.pictures.moderation_taxonomy import VERSION, label_shapes
from regard.packs.manifest import PackError
from regard.vision.findings import PictureFindings
from regard.vision.image import Image
from regard.vision.nudity import NudityFinding, NudityKind

MIN_CONFIDENCE = 50.0
"""Percent, where a request names no MinConfidence."""

# What can be found, and the label that says so. All other labels are never answered: docs/moderation.md.
LABELS: Mapping[NudityKind, str] = {
    NudityKind.EXPLICIT: "Explicit",
    NudityKind.MALE_GENITALIA: "Exposed Male Genitalia",
    NudityKind.FEMALE_GENITALIA: "Exposed Female Genitalia",
    NudityKind.BUTTOCKS_OR_ANUS: "Exposed Buttocks or Anus",
    NudityKind.FEMALE_BREAST: "Exposed Female Nipple",
    NudityKind.MALE_BREAST: "Exposed Male Nipple",
    NudityKind.FEMALE_SWIMWEAR: "Female Swimwear or Underwear",
}
# Conditions are kept in SageMaker's flow definitions, which are not here: every such request is reviewed.
_REASONS = ["ConditionsEvaluation"]
_CONDITIONS: dict[str, Any] = {"Conditions": []}


def detect_moderation_labels(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """Explicit content; nudity and swimwear too where their pack is installed. Taxonomy 7.0."""
    refuse_adapter(request)
    picture = load_picture(ctx, request["Image"])
    response = moderate(picture, request.get("MinConfidence", MIN_CONFIDENCE))
    if request.get("HumanLoopConfig") is not None:
        labels = response["ModerationLabels"]
        config = request["HumanLoopConfig"]
        response["HumanLoopActivationOutput"] = _open_review(ctx, config, picture.image, labels)
    return response


def refuse_adapter(config: Mapping[str, Any]) -> None:
    """Raises ResourceNotFoundException where a ProjectVersion is asked for."""
    if config.get("ProjectVersion") is not None:
        raise ResourceNotFoundException(
            f"There is no adapter {config['ProjectVersion']}: custom moderation is not built here."
        )


def moderate(picture: PictureFindings, min_confidence: float) -> dict[str, Any]:
    """The answer about one picture, from `min_confidence` percent on. Raises what `find_nudity` raises."""
    return {
        "ModerationLabels": label_shapes(confidences_of(find_nudity(picture)), min_confidence),
        "ModerationModelVersion": VERSION,
        "ContentTypes": [],  # nothing here tells drawn pictures from photos, so that neither is claimed
    }


def confidences_of(found: Iterable[NudityFinding]) -> dict[str, float]:
    """The surest finding of each label that can be found, in percent."""
    confidences: dict[str, float] = {}
    for one in found:
        name = LABELS[one.kind]
        confidences[name] = max(one.confidence, confidences.get(name, 0.0))
    return confidences


def find_nudity(picture: PictureFindings) -> Sequence[NudityFinding]:
    """Raises ResourceNotReadyException where the pack for parts of the body is there and damaged."""
    try:
        return picture.nudity()
    except PackError as error:
        raise ResourceNotReadyException(str(error)) from error


def _open_review(
    ctx: Context, config: Mapping[str, Any], image: Image, labels: list[dict[str, Any]]
) -> dict[str, Any]:
    """HumanLoopActivationOutput. The review is on disk when this answers."""
    opened = ctx.stores.reviews.open(
        ModerationReview(
            loop_name=config["HumanLoopName"],
            flow_definition=config["FlowDefinitionArn"],
            image_digest=image.digest,
            reasons=_REASONS,
            labels=labels,
            classifiers=(config.get("DataAttributes") or {}).get("ContentClassifiers") or [],
            request_id=ctx.request_id,
        )
    )
    settings = ctx.settings
    return {
        "HumanLoopArn": (
            f"arn:aws:sagemaker:{settings.region}:{settings.account}:human-loop/{opened.loop_name}"
        ),
        "HumanLoopActivationReasons": list(opened.reasons),
        "HumanLoopActivationConditionsEvaluationResults": json.dumps(_CONDITIONS),
    }


OPERATIONS = (
    Operation(
        name="DetectModerationLabels",
        run=detect_moderation_labels,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        bills=Bill.IMAGE_2,
    ),
)
