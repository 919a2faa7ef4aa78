"""Lines and words as Rekognition writes them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.operations.shapes.boxes import geometry
from regard.vision.image import Image
from regard.vision.text import Line, Word


def text_detections(lines: Sequence[Line], image: Image) -> list[dict[str, Any]]:
    """All lines, then all words, each of which names its line; ids count through."""
    found = [{**_detection(line, image), "Type": "LINE", "Id": number} for number, line in enumerate(lines)]
    for parent, line in enumerate(lines):
        for word in line.words:
            found.append({**_detection(word, image), "Type": "WORD", "Id": len(found), "ParentId": parent})
    return found


def _detection(text: Line | Word, image: Image) -> dict[str, Any]:
    return {
        "DetectedText": text.text,
        "Confidence": text.confidence,
        "Geometry": geometry(text.quad, image),
    }
