"""Lines and words as Rekognition writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from regard.vision.image import Image
from regard.vision.pixels import Floats
from regard.vision.text import Line, Word


def text_detections(lines: Sequence[Line], image: Image) -> list[dict[str, Any]]:
    """All lines, then all words, each of which names its line; ids count through."""
    found = [{**_detection(line, image), "Type": "LINE", "Id": number} for number, line in enumerate(lines)]
    for parent, line in enumerate(lines):
        for word in line.words:
            found.append({**_detection(word, image), "Type": "WORD", "Id": len(found), "ParentId": parent})
    return found


def geometry(quad: Floats, image: Image) -> dict[str, Any]:
    """A quad (4, 2) in px as a Geometry."""
    points = fractions(quad, image)
    (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
    return {
        "BoundingBox": {"Width": right - left, "Height": bottom - top, "Left": left, "Top": top},
        "Polygon": [{"X": x, "Y": y} for x, y in points.tolist()],
    }


def fractions(quad: Floats, image: Image) -> Floats:
    """Corners (4, 2) in px as shares, 0 to 1; what lies outside of the picture is drawn to its edge."""
    return np.asarray(np.clip(quad / np.array([image.width, image.height], np.float32), 0, 1), np.float32)


def _detection(text: Line | Word, image: Image) -> dict[str, Any]:
    return {
        "DetectedText": text.text,
        "Confidence": text.confidence,
        "Geometry": geometry(text.quad, image),
    }
