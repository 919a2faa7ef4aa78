"""DetectText."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.inputs.images import load_picture
from regard.operations.inputs.regions import corners_of
from regard.operations.operation import Area, Bill, Operation
from regard.operations.shapes.boxes import fractions
from regard.operations.shapes.text import text_detections
from regard.vision.geometry import share_inside
from regard.vision.image import Image
from regard.vision.pixels import Floats
from regard.vision.text import Line, Word

_MAX_WORDS = 100
_MIN_CONFIDENCE = 80.0  # of a WordFilter that names none
_MIN_INSIDE = 0.5  # of a word's area, to belong to a region of interest


def detect_text(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The lines and words of a picture, the first 100 words in reading order that pass the filters."""
    wanted = TextFilter.of(request)
    picture = load_picture(ctx, request["Image"])
    lines = wanted.of_lines(picture.text(), picture.image)
    return {
        "TextDetections": text_detections(lines, picture.image),
        "TextModelVersion": ctx.models.text.version,
    }


@dataclass(frozen=True, eq=False, slots=True)
class TextFilter:
    """Which words a request wants: `words` is its WordFilter, `regions` the corners of its regions."""

    words: dict[str, Any] | None
    regions: Sequence[Floats]

    @classmethod
    def of(cls, request: dict[str, Any]) -> TextFilter:
        """Raises InvalidParameterException for a region that is none."""
        filters = request.get("Filters") or {}
        regions = [corners_of(region) for region in filters.get("RegionsOfInterest") or []]
        return cls(filters.get("WordFilter"), regions)

    def of_lines(self, found: Sequence[Line], image: Image) -> list[Line]:
        """The first 100 words that pass, in their lines."""
        lines: list[Line] = []
        room = _MAX_WORDS
        for line in found:
            words = [word for word in line.words if _wanted(word, image, self.words, self.regions)]
            if words[:room]:
                lines.append(line if len(words[:room]) == len(line.words) else Line.of(words[:room]))
                room -= len(lines[-1].words)
        return lines


def _wanted(word: Word, image: Image, word_filter: dict[str, Any] | None, regions: Sequence[Floats]) -> bool:
    if word_filter is not None:
        width, height = np.ptp(fractions(word.quad, image), axis=0).tolist()
        if (
            word.confidence < word_filter.get("MinConfidence", _MIN_CONFIDENCE)
            or height < word_filter.get("MinBoundingBoxHeight", 0)
            or width < word_filter.get("MinBoundingBoxWidth", 0)
        ):
            return False
    return not regions or share_inside(fractions(word.quad, image), regions) >= _MIN_INSIDE


OPERATIONS = (
    Operation(
        name="DetectText",
        run=detect_text,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        bills=Bill.IMAGE_2,
    ),
)
