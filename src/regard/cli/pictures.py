"""`regard faces` and `regard compare`: one look at one or two pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from regard.cli.drawing import Mark, draw
from regard.cli.local import AsJson, Case, DataFolder, local_gate, print_json, read_picture

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with the faces marked.")]

_BOX = "Left  Top   Width Height"


def faces(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Find the faces of a photo."""
    picture = read_picture(photo)
    with local_gate(data) as gate:
        answer = gate.call("detect_faces", Image={"Bytes": picture})
    found = answer["FaceDetails"]
    if drawing:
        marks = [Mark(face["BoundingBox"], f"{face['Confidence']:.1f}", face["Landmarks"]) for face in found]
        draw(picture, marks, drawing)
    if as_json:
        print_json(answer)
        return
    table = Table("#", "Confidence", _BOX, "Roll", "Yaw", "Pitch", "Light", "Sharp")
    for number, face in enumerate(found, 1):
        pose, quality = face["Pose"], face["Quality"]
        table.add_row(
            str(number),
            f"{face['Confidence']:.2f} %",
            _box(face["BoundingBox"]),
            *(f"{pose[axis]:+.0f}°" for axis in ("Roll", "Yaw", "Pitch")),
            *(f"{quality[name]:.0f}" for name in ("Brightness", "Sharpness")),
        )
    _print(table, f"{len(found)} face{'' if len(found) == 1 else 's'} in {photo.name}", drawing)


def compare(
    source: Annotated[Path, typer.Argument(help="Its largest face is looked for.")],
    target: Annotated[Path, typer.Argument(help="Every face in it is compared.")],
    threshold: Annotated[
        float, typer.Option(min=0, max=100, help="Least similarity of a match, percent.")
    ] = 80,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Compare the largest face of one photo with every face of another."""
    picture = read_picture(target)
    with local_gate(data, case) as gate:
        answer = gate.call(
            "compare_faces",
            SourceImage={"Bytes": read_picture(source)},
            TargetImage={"Bytes": picture},
            SimilarityThreshold=threshold,
        )
    matches = answer["FaceMatches"]
    if drawing:
        marks = [Mark(match["Face"]["BoundingBox"], f"{match['Similarity']:.2f} %") for match in matches]
        draw(picture, marks, drawing)
    if as_json:
        print_json(answer)
        return
    table = Table("#", "Similarity", _BOX)
    for number, match in enumerate(matches, 1):
        table.add_row(str(number), f"{match['Similarity']:.2f} %", _box(match["Face"]["BoundingBox"]))
    others = len(answer["UnmatchedFaces"])
    _print(
        table,
        f"{len(matches)} of {len(matches) + others} faces in {target.name} match at {threshold:g} %",
        drawing,
    )


def _box(box: dict[str, Any]) -> str:
    return " ".join(f"{box[side]:.3f}" for side in ("Left", "Top", "Width", "Height"))


def _print(table: Table, summary: str, drawing: Path | None) -> None:
    console = Console(highlight=False)
    if table.row_count:
        console.print(table)
    console.print(summary + (f"; drawn in {drawing}" if drawing else ""))
