"""Lines of manifests for pictures of one's own, in Ground Truth's form."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from regard.custom.manifests.boxes import MAX_BOXES
from regard.custom.manifests.entry import LabelledBox

_JOB = "regard/import"
_MARGIN = 0.01  # px, by which what is rounded may stand out of the picture
_PROPOSED = "regard-proposed"  # begins the attributes of what a model gives a picture


def labels_line(source_ref: str, labels: Sequence[str], created: str) -> str:
    """A picture with its labels, none of which makes it one that waits for its label.

    `created` is the time of the labelling, ISO 8601.
    """
    line: dict[str, Any] = {"source-ref": source_ref}
    for number, label in enumerate(labels):
        line[f"label-{number}"] = 1
        line[f"label-{number}-metadata"] = {
            "class-name": label,
            "confidence": 1,
            "type": "groundtruth/image-classification",
            **_common(created),
        }
    return json.dumps(line)


def boxes_line(source_ref: str, boxes: Sequence[LabelledBox], size: tuple[int, int], created: str) -> str:
    """A picture with its boxes, in px of a picture of that width and height: the 50 largest."""
    kept = sorted(boxes, key=lambda one: one.box.area, reverse=True)[:MAX_BOXES]
    labels = sorted({one.label for one in kept})
    annotations = [
        {
            "class_id": labels.index(one.label),
            "left": round(one.box.left, 2),
            "top": round(one.box.top, 2),
            "width": round(min(one.box.width, size[0] - round(one.box.left, 2)), 2),
            "height": round(min(one.box.height, size[1] - round(one.box.top, 2)), 2),
        }
        for one in kept
    ]
    line = {
        "source-ref": source_ref,
        "bounding-box": {
            "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
            "annotations": annotations,
        },
        "bounding-box-metadata": {
            "objects": [{"confidence": 1} for _ in kept],
            "class-map": {str(number): label for number, label in enumerate(labels)},
            "type": "groundtruth/object-detection",
            **_common(created),
        },
    }
    return json.dumps(line)


def _common(created: str) -> dict[str, str]:
    return {"human-annotated": "yes", "creation-date": created, "job-name": _JOB}


def proposed_labels(content: str, confidences: Mapping[str, float], created: str) -> str:
    """A listed line, with labels that a model gives the picture, each with its confidence, 0 to 1."""
    added: dict[str, Any] = {}
    for number, (label, confidence) in enumerate(confidences.items()):
        added[f"{_PROPOSED}-{number}"] = 1
        added[f"{_PROPOSED}-{number}-metadata"] = {
            "class-name": label,
            "confidence": round(confidence, 4),
            "type": "groundtruth/image-classification",
            **_by_model(created),
        }
    return _with(content, added)


def proposed_boxes(
    content: str, found: Sequence[tuple[LabelledBox, float]], size: tuple[int, int], created: str
) -> str:
    """The same with boxes, in fractions of the upright picture of that width and height, px."""
    kept = found[:MAX_BOXES]
    labels = sorted({one.label for one, _ in kept})
    added = {
        _PROPOSED: {
            "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
            "annotations": [
                {
                    "class_id": labels.index(one.label),
                    "left": round(one.box.left * size[0], 2),
                    "top": round(one.box.top * size[1], 2),
                    "width": round(min(one.box.width, 1 - one.box.left) * size[0] - _MARGIN, 2),
                    "height": round(min(one.box.height, 1 - one.box.top) * size[1] - _MARGIN, 2),
                }
                for one, _ in kept
            ],
        },
        f"{_PROPOSED}-metadata": {
            "objects": [{"confidence": round(confidence, 4)} for _, confidence in kept],
            "class-map": {str(number): label for number, label in enumerate(labels)},
            "type": "groundtruth/object-detection",
            **_by_model(created),
        },
    }
    return _with(content, added)


def _with(content: str, added: Mapping[str, Any]) -> str:
    return json.dumps({**json.loads(content), **added})


def _by_model(created: str) -> dict[str, str]:
    return {"human-annotated": "no", "creation-date": created, "job-name": "regard/propose"}
