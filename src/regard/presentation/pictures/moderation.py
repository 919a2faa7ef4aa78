"""Unwanted content of a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.presentation.colours import AMBER, Colour
from regard.presentation.drawing import Mark
from regard.presentation.tables import Header, Table, whole
from regard.vision.image import Image
from regard.vision.nudity import NudityFinding

NOT_DETECTED = "Violence, drugs, hate symbols and all else are not detected."
NO_PARTS = (
    "A picture is told to be explicit as a whole: which parts of the body are bare, and swimwear, take the "
    "model pack nudenet, whose licence is the AGPL-3.0 (`regard models install nudenet`)."
)


def moderation_table(labels: Sequence[Mapping[str, Any]]) -> Table:
    """ModerationLabels."""
    rows = [
        (f"{label['Confidence']:.2f} %", str(label["TaxonomyLevel"]), label["Name"], label["ParentName"])
        for label in labels
    ]
    return Table([*whole("Confidence", "Level"), Header("Label"), Header("Under")], rows)


def nudity_marks(
    found: Sequence[NudityFinding], image: Image, min_confidence: float, colour: Colour = AMBER
) -> list[Mark]:
    """Where in the image is what the labels say, which the answer does not tell.

    `min_confidence` is in percent.
    """
    return [
        Mark(
            {
                "Left": one.box.left / image.width,
                "Top": one.box.top / image.height,
                "Width": one.box.width / image.width,
                "Height": one.box.height / image.height,
            },
            f"{one.kind.value} {one.confidence:.0f}",
            colour=colour,
        )
        for one in found
        if one.confidence >= min_confidence
    ]
