"""Lines of manifests as Ground Truth writes them."""

from __future__ import annotations

import json
from typing import Any


def reference(name: str, bucket: str = "pets") -> str:
    return f"s3://{bucket}/{name}"


def classified(name: str, *labels: str, bucket: str = "pets", **changes: Any) -> dict[str, Any]:
    """A picture with labels; `changes` are members of each label's metadata."""
    line: dict[str, Any] = {"source-ref": reference(name, bucket)}
    for number, label in enumerate(labels):
        line[f"label{number}"] = 1
        line[f"label{number}-metadata"] = {
            "confidence": 1,
            "job-name": "labeling-job/label",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": "2026-03-06T17:46:39.176",
            "type": "groundtruth/image-classification",
            **changes,
        }
    return line


def boxed(
    name: str, *boxes: tuple[str, float, float, float, float], size: tuple[int, int] = (640, 480)
) -> dict[str, Any]:
    """A picture with boxes: label, left, top, width, height in px."""
    labels = sorted({box[0] for box in boxes})
    annotations = [
        {"class_id": labels.index(label), "left": left, "top": top, "width": width, "height": height}
        for label, left, top, width, height in boxes
    ]
    return {
        "source-ref": reference(name),
        "bounding-box": {
            "image_size": [{"width": size[0], "height": size[1], "depth": 3}],
            "annotations": annotations,
        },
        "bounding-box-metadata": {
            "objects": [{"confidence": 1} for _ in boxes],
            "class-map": {str(number): label for number, label in enumerate(labels)},
            "type": "groundtruth/object-detection",
            "human-annotated": "yes",
            "creation-date": "2026-03-06T02:53:27",
            "job-name": "my job",
        },
    }


def multilabelled(name: str, ids: list[int], class_map: dict[str, str]) -> dict[str, Any]:
    return {
        "source-ref": reference(name),
        "tags": ids,
        "tags-metadata": {
            "class-map": class_map,
            "confidence-map": {str(one): 1 for one in ids},
            "type": "groundtruth/image-classification-multilabel",
            "human-annotated": "yes",
            "creation-date": "2026-03-06T02:53:27",
            "job-name": "my job",
        },
    }


def manifest(*lines: dict[str, Any] | str) -> bytes:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines).encode()
