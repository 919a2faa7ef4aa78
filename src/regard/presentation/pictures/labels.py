"""Labels of a picture, and its light, focus and colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.presentation.drawing import Mark
from regard.presentation.tables import Header, Table, whole

_COLOURS_NAMED = 4


def label_table(labels: Sequence[Mapping[str, Any]]) -> Table:
    """DetectLabels' Labels: how sure each is, how often it is marked, and what it is a kind of."""
    rows = [
        (
            label["Name"],
            f"{label['Confidence']:.1f} %",
            str(len(label["Instances"]) or ""),
            label["Categories"][0]["Name"],
            ", ".join(parent["Name"] for parent in label["Parents"]),
        )
        for label in labels
    ]
    return Table([*whole("Label", "Confidence", "#", "Category"), Header("Is a")], rows)


def label_marks(labels: Sequence[Mapping[str, Any]]) -> list[Mark]:
    """Every instance of every label."""
    return [
        Mark(instance["BoundingBox"], f"{label['Name']} {instance['Confidence']:.0f}")
        for label in labels
        for instance in label["Instances"]
    ]


def property_table(properties: Mapping[str, Any]) -> Table:
    """ImageProperties of the whole picture, its foreground and its background."""
    rows = []
    for name, part in parts(properties, whole_name="picture").items():
        quality = part["Quality"]
        values = (quality.get(key) for key in ("Brightness", "Sharpness", "Contrast"))
        cells = ("" if value is None else f"{value:.0f}" for value in values)
        rows.append((name, *cells, colours(part)))
    return Table([*whole("Part", "Light", "Sharp", "Contrast"), Header("Colours")], rows)


def parts(properties: Mapping[str, Any], *, whole_name: str) -> dict[str, Mapping[str, Any]]:
    """By name, the whole picture's ImageProperties and those of the parts that it is cut into."""
    cut = ("Foreground", "Background")
    return {whole_name: properties} | {name.lower(): properties[name] for name in cut if name in properties}


def colours(part: Mapping[str, Any]) -> str:
    """The colours that most of a part has, with their shares."""
    named = part["DominantColors"][:_COLOURS_NAMED]
    return ", ".join(f"{one['CSSColor']} {one['PixelPercent']:.0f} %" for one in named)
