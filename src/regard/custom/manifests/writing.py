"""Lines of manifests for pictures of one's own, in Ground Truth's form."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from regard.custom.manifests.boxes import MAX_BOXES
from regard.custom.manifests.entry import LabelledBox

_JOB = "regard/import"


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
