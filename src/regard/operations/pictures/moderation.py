"""DetectModerationLabels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from regard.context import Context
from regard.errors import ResourceNotReadyException
from regard.governance.permissions import Permission
from regard.governance.reviews import ModerationReview
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.pictures.moderation_adapters import MODERATE, ChosenAdapter, find_adapter
from regard.operations.pictures.moderation_taxonomy import MIN_CONFIDENCE, VERSION, label_shapes, with_parents
from regard.packs.manifest import PackError
from regard.vision.findings import PictureFindings
from regard.vision.image import Image
from regard.vision.nudity import NudityFinding, NudityKind
from regard.vision.pixels import Floats

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
    """Explicit content; nudity and swimwear too where their pack is installed. Taxonomy 7.0.

    A ProjectVersion is an adapter of one's own, which corrects what is said.
    """
    adapter = find_adapter(ctx, request.get("ProjectVersion"), MODERATE)
    picture = load_picture(ctx, request["Image"])
    response = moderate(picture, request.get("MinConfidence", MIN_CONFIDENCE), adapter)
    if request.get("HumanLoopConfig") is not None:
        labels = response["ModerationLabels"]
        config = request["HumanLoopConfig"]
        response["HumanLoopActivationOutput"] = _open_review(ctx, config, picture.image, labels)
    return response


def moderate(
    picture: PictureFindings, min_confidence: float, adapter: ChosenAdapter | None = None
) -> dict[str, Any]:
    """The answer about one picture, from `min_confidence` percent on. Raises what `find_nudity` raises."""
    said = confidences_of(find_nudity(picture))
    return moderation_answer(said, None if adapter is None else picture.features(), min_confidence, adapter)


def moderation_answer(
    said: Mapping[str, float], features: Floats | None, min_confidence: float, adapter: ChosenAdapter | None
) -> dict[str, Any]:
    """The same from what the models said of the picture: percent, by label; `features` for an adapter."""
    if adapter is not None and features is not None:
        said = adapter.corrected(said, features)
    return {
        "ModerationLabels": label_shapes(said, min_confidence),
        "ModerationModelVersion": VERSION,
        "ContentTypes": [],  # nothing here tells drawn pictures from photos, so that neither is claimed
        **({} if adapter is None else {"ProjectVersion": adapter.arn}),
    }


def sayable_labels(*, finds_parts: bool) -> Set[str]:
    """The labels that may be answered without an adapter, and all above them."""
    kinds = LABELS if finds_parts else [NudityKind.EXPLICIT]
    return with_parents(LABELS[kind] for kind in kinds)


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
