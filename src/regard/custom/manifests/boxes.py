"""The boxes of an attribute of the type groundtruth/object-detection."""

from __future__ import annotations

from typing import Any, Final

from regard.custom.manifests.attributes import AttributeFindings, is_human, is_number, read_class, says_whose
from regard.custom.manifests.entry import LabelledBox
from regard.custom.manifests.faults import FaultCode
from regard.vision.geometry import Box

MAX_BOXES: Final = 50
"""Of a picture, as Amazon has it."""
_TRAINING_SIDE: Final = 1280
_SIDES: Final = ("left", "top", "width", "height")
_SLACK: Final = 1e-6  # of a pixel, for sums of decimal fractions


def read_detection(found: AttributeFindings, value: Any, metadata: dict[str, Any]) -> None:
    """Boxes in pixels of the picture whose size the attribute says, and a class-map that names them.

    An annotation that is wrong is left out, and the others stay.
    """
    if not isinstance(value, dict):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, metadata, "-metadata")
        return
    size = _size_of(value.get("image_size"))
    annotations = value.get("annotations", [])
    if size is None or not isinstance(annotations, list):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, value)
        return
    class_map, objects = metadata.get("class-map"), metadata.get("objects")
    if not isinstance(class_map, dict) or not isinstance(objects, list) or not says_whose(metadata):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, metadata, "-metadata")
        return
    found.image_size = size
    if not annotations:
        found.is_empty, found.is_background = True, is_human(metadata)
        found.blame(FaultCode.NO_ATTRIBUTE_ANNOTATIONS, value)
    elif len(annotations) > MAX_BOXES:
        found.blame(FaultCode.TOO_MANY_BOUNDING_BOXES, value)
    else:
        for number, annotation in enumerate(annotations):
            confidence = objects[number] if number < len(objects) else None
            _read_annotation(found, number, annotation, confidence, value, metadata, size)
        if not found.boxes:
            found.blame(FaultCode.NO_VALID_ANNOTATIONS, value)


def _read_annotation(
    found: AttributeFindings,
    number: int,
    annotation: Any,
    confidence: Any,
    value: dict[str, Any],
    metadata: dict[str, Any],
    size: tuple[float, float],
) -> None:
    place = f".annotations[{number}]"
    if not isinstance(annotation, dict):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, value)
        return
    corners = [one for name in _SIDES if is_number(one := annotation.get(name))]
    if len(corners) < len(_SIDES) or not is_number(annotation.get("class_id")):
        found.blame(FaultCode.INVALID_BOUNDING_BOX, annotation, place)
        return
    if not isinstance(confidence, dict) or not is_number(confidence.get("confidence")):
        found.blame(FaultCode.MISSING_BOUNDING_BOX_CONFIDENCE, metadata, "-metadata")
        return
    box = Box(*(float(one) for one in corners))
    fault = _fault_of(box, *size)
    if fault is not None:
        found.blame(fault, annotation, place)
        return
    label = read_class(found, annotation["class_id"], metadata["class-map"], metadata)
    if label is not None:
        found.boxes.append(LabelledBox(label, box.relative_to(*size)))


def _fault_of(box: Box, width: float, height: float) -> FaultCode | None:
    if box.left < 0 or box.top < 0 or box.width < 0 or box.height < 0:
        return FaultCode.INVALID_BOUNDING_BOX
    if box.right > width + _SLACK or box.bottom > height + _SLACK:
        return FaultCode.INVALID_BOUNDING_BOX
    scale = min(1.0, _TRAINING_SIDE / max(width, height))
    return FaultCode.BOUNDING_BOX_TOO_SMALL if box.side * scale <= 1 else None


def _size_of(value: Any) -> tuple[float, float] | None:
    """Width and height, in pixels, of a list with one size."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return None
    width: Any = value[0].get("width")
    height: Any = value[0].get("height")
    if not is_number(width) or not is_number(height) or width < 1 or height < 1:
        return None
    return float(width), float(height)
