"""DetectCustomLabels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from regard.context import Context
from regard.custom.manifests.placing import MAX_SIDE, MIN_SIDE
from regard.custom.stores import CustomModel
from regard.custom.version_records import ProjectVersion, VersionStatus
from regard.errors import InvalidParameterException, ResourceNotReadyException
from regard.governance.permissions import Permission
from regard.operations.inputs.images import open_picture, read_content
from regard.operations.operation import Area, Operation
from regard.operations.shapes.boxes import bounding_box
from regard.operations.subjects import PROJECT_VERSION
from regard.storage.clock import milliseconds
from regard.vision.custom.box_file import StoredBoxModel
from regard.vision.custom.box_model import BoxFinding, boxes_in
from regard.vision.custom.model_file import StoredLabelModel
from regard.vision.custom.recent import SizedFeatures
from regard.vision.custom.tuned_boxes import TunedBoxModel
from regard.vision.custom.tuned_labels import TunedLabelModel
from regard.vision.findings import PictureFindings
from regard.vision.pixels import Floats

MAX_BYTES: Final = 4_194_304
"""Of an image in a request, as Amazon has it."""


def detect_custom_labels(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """What a version that runs says of an image, the surest first.

    Without MinConfidence each label's assumed threshold decides. Raises ResourceNotReadyException unless the
    version runs, and ProvisionedThroughputExceededException where its inference units are busy.
    """
    version = ctx.project_version
    refuse_adapter(version)
    if version.status is not VersionStatus.RUNNING:
        raise ResourceNotReadyException(
            f"The project version is {version.status.value}: start it with StartProjectVersion."
        )
    ctx.stores.custom.versions.note_asked(version, milliseconds())
    content = read_content(ctx, request["Image"], max_bytes=MAX_BYTES)
    trained = open_model(ctx, version)
    min_confidence = request.get("MinConfidence")
    with ctx.stores.custom.units.hold(version):
        labels = _detect(ctx, content, trained, min_confidence)
    return {"CustomLabels": labels[: request.get("MaxResults", len(labels))]}


def _detect(
    ctx: Context, content: bytes, trained: CustomModel, min_confidence: float | None
) -> list[dict[str, Any]]:
    if isinstance(trained, TunedBoxModel):
        image = _open(ctx, content).image
        return _box_labels(trained.find(image), _minima(trained.thresholds, min_confidence))
    if isinstance(trained, TunedLabelModel):
        said = trained.confidences([_open(ctx, content).image])[0]
        return _picture_labels(trained.names, said, _minima(trained.thresholds, min_confidence))
    return custom_labels(_read(ctx, content, trained), trained, min_confidence)


def _open(ctx: Context, content: bytes) -> PictureFindings:
    return open_picture(ctx, content, min_side=MIN_SIDE, max_side=MAX_SIDE)


def _read(ctx: Context, content: bytes, trained: StoredLabelModel | StoredBoxModel) -> SizedFeatures:
    """What a model's backbone makes of a picture: features (1280,), or cells (740, 4096) for boxes.

    A picture that the same key has just shown isn't decoded again. It has passed the limits of sides and
    pixels then, which are the same for all requests; other bytes, so also an object that was replaced and a
    picture that was turned by its EXIF orientation, are another picture. Raises what opening it raises.
    """

    def read() -> SizedFeatures:
        picture = _open(ctx, content)
        found = picture.cells() if isinstance(trained, StoredBoxModel) else picture.features()
        return SizedFeatures(found, picture.image.width, picture.image.height)

    key = ctx.caller.key_id, trained.backbone.digest, hashlib.sha256(content).hexdigest()
    return ctx.stores.custom.recent.get(key, read)


def custom_labels(
    picture: SizedFeatures, trained: StoredLabelModel | StoredBoxModel, min_confidence: float | None
) -> list[dict[str, Any]]:
    """The labels of a picture that the model's backbone has read, the surest first. `min_confidence`, in
    percent, takes the place of the assumed thresholds.
    """
    minima = _minima(trained.thresholds, min_confidence)
    if isinstance(trained, StoredBoxModel):
        return _box_labels(boxes_in(trained.model, picture.features, picture.width, picture.height), minima)
    said = trained.model.confidences(picture.features[np.newaxis])[0]
    return _picture_labels(trained.names, said, minima)


def refuse_adapter(version: ProjectVersion) -> None:
    """Raises InvalidParameterException for an adapter, which is never run by itself."""
    if version.is_adapter:
        raise InvalidParameterException(
            f"Request has invalid parameters: {version.name} is an adapter of content moderation, which runs "
            "where DetectModerationLabels names it"
        )


def _box_labels(found: Sequence[BoxFinding], minima: Mapping[str, float]) -> list[dict[str, Any]]:
    return [
        {
            "Name": one.name,
            "Confidence": 100 * one.confidence,
            "Geometry": {"BoundingBox": bounding_box(one.box)},
        }
        for one in found
        if one.confidence >= minima[one.name]
    ]


def _picture_labels(names: Sequence[str], said: Floats, minima: Mapping[str, float]) -> list[dict[str, Any]]:
    """The labels of a whole picture, of confidences (L,), 0 to 1."""
    found = [
        {"Name": name, "Confidence": 100 * confidence}
        for name, confidence in zip(names, said.tolist(), strict=True)
        if confidence >= minima[name]
    ]
    return sorted(found, key=lambda label: (-label["Confidence"], label["Name"]))


def open_model(ctx: Context, version: ProjectVersion) -> CustomModel:
    """The model of a version. Raises ResourceNotReadyException where the installed model pack is another than
    it was trained with and it isn't fine-tuned, and InternalServerError where the model is gone.
    """
    trained = ctx.stores.custom.opened.get(str(version.model))
    if isinstance(trained, TunedBoxModel | TunedLabelModel):
        return trained
    if version.backbone not in (ctx.models.features.digest, ctx.models.cells.digest):
        raise ResourceNotReadyException(
            "The project version was trained on features of another model pack: train it again."
        )
    return trained


def _minima(thresholds: Mapping[str, float], min_confidence: float | None) -> Mapping[str, float]:
    if min_confidence is None:
        return thresholds
    return dict.fromkeys(thresholds, min_confidence / 100)


OPERATIONS = (
    Operation(
        name="DetectCustomLabels",
        run=detect_custom_labels,
        area=Area.CUSTOM_LABELS,
        permission=Permission.ANALYZE,
        about=PROJECT_VERSION,
    ),
)
