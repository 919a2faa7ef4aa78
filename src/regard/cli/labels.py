"""`regard labels`: what a photo shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column

from regard.cli.local import AsJson, DataFolder, local_gate, read_picture
from regard.cli.printing import add_row, print_json, print_table, say, table
from regard.presentation.drawing import Mark, draw
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with the objects marked.")]


def labels(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    least: Annotated[
        float, typer.Option("--min-confidence", min=0, max=100, help="Least confidence of a label, percent.")
    ] = 55,
    properties: Annotated[
        bool, typer.Option("--properties", help="Also the picture's light, focus and colours.")
    ] = False,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Say what a photo shows: objects, scenes, and what kind of thing they are."""
    picture = read_picture(photo)
    features = ["GENERAL_LABELS", *(["IMAGE_PROPERTIES"] if properties else [])]
    with local_gate(data) as gate:
        answer = gate.call("detect_labels", Image={"Bytes": picture}, MinConfidence=least, Features=features)
    found = answer["Labels"]
    if drawing:
        draw(picture, _marks(found), drawing)
    if as_json:
        print_json(answer)
        return
    rows = table(
        *(Column(header, no_wrap=True) for header in ("Label", "Confidence", "#", "Category")), "Is a"
    )
    for label in found:
        cells = (
            label["Name"],
            f"{label['Confidence']:.1f} %",
            str(len(label["Instances"]) or ""),
            label["Categories"][0]["Name"],
            ", ".join(parent["Name"] for parent in label["Parents"]),
        )
        add_row(rows, cells)
    print_table(rows)
    if properties:
        _print_properties(answer["ImageProperties"])
    say(f"{count(len(found), 'label')} for {photo.name}" + (f"; drawn in {drawing}" if drawing else ""))


def _marks(found: list[dict[str, Any]]) -> list[Mark]:
    return [
        Mark(instance["BoundingBox"], f"{label['Name']} {instance['Confidence']:.0f}")
        for label in found
        for instance in label["Instances"]
    ]


def _print_properties(properties: dict[str, Any]) -> None:
    names = ("Part", "Light", "Sharp", "Contrast")
    rows = table(*(Column(header, no_wrap=True) for header in names), "Colours")
    parts = {
        "picture": properties,
        **{name.lower(): properties[name] for name in ("Foreground", "Background")},
    }
    for name, part in parts.items():
        quality = part["Quality"]
        values = (quality.get(key) for key in ("Brightness", "Sharpness", "Contrast"))
        colours = (f"{one['CSSColor']} {one['PixelPercent']:.0f} %" for one in part["DominantColors"][:4])
        cells = (name, *("" if value is None else f"{value:.0f}" for value in values), ", ".join(colours))
        add_row(rows, cells)
    print_table(rows)
