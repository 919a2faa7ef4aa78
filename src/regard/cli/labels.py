"""`regard labels`: what a photo shows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsJson, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.presentation.drawing import draw
from regard.presentation.pictures.labels import label_marks, label_table, property_table
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with the objects marked.")]


def labels(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    min_confidence: Annotated[
        float,
        typer.Option("--min-confidence", min=0, max=100, help="Minimum confidence of a label, percent."),
    ] = 55,
    properties: Annotated[
        bool, typer.Option("--properties", help="Also the picture's light, focus and colours.")
    ] = False,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Say what a photo shows: objects and scenes, and the kinds that they are of."""
    picture = read_picture(photo)
    features = ["GENERAL_LABELS", *(["IMAGE_PROPERTIES"] if properties else [])]
    with local_gate(data) as gate:
        answer = gate.call(
            "detect_labels", Image={"Bytes": picture}, MinConfidence=min_confidence, Features=features
        )
    found = answer["Labels"]
    if drawing:
        draw(picture, label_marks(found), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(label_table(found))
    if properties:
        print_table(property_table(answer["ImageProperties"]))
    say(f"{count(len(found), 'label')} for {photo.name}" + (f"; drawn in {drawing}" if drawing else ""))
