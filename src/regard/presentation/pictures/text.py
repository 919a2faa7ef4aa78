"""What is written in a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.presentation.drawing import Mark
from regard.presentation.tables import Header, Table, whole


def line_table(lines: Sequence[Mapping[str, Any]]) -> Table:
    """TextDetections that are lines."""
    rows = []
    for line in lines:
        box = line["Geometry"]["BoundingBox"]
        place = f"{box['Left']:.3f} {box['Top']:.3f}"
        rows.append((str(line["Id"] + 1), f"{line['Confidence']:.2f} %", place, line["DetectedText"]))
    return Table([*whole("#", "Confidence", "Left  Top"), Header("Text")], rows)


def word_marks(words: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """TextDetections in the outlines that they have."""
    return [
        Mark(word["Geometry"]["BoundingBox"], word["DetectedText"], outline=word["Geometry"]["Polygon"])
        for word in words
    ]
