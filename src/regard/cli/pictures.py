"""`regard faces` and `regard compare`: one look at one or two pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column, Table

from regard.cli.attributes import attribute_rows
from regard.cli.local import AsJson, Case, DataFolder, local_gate, read_picture
from regard.cli.printing import add_row, print_json, print_table, say, table
from regard.presentation.drawing import Mark, draw
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with the faces marked.")]

_BOX = "Left  Top   Width Height"
_FACTS = "Roll", "Yaw", "Pitch", "Light", "Sharp"


def faces(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Also age, gender, expression, glasses, … of each face.")
    ] = False,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Find the faces of a photo."""
    picture = read_picture(photo)
    with local_gate(data) as gate:
        names = ["ALL"] if attributes else ["DEFAULT"]
        answer = gate.call("detect_faces", Image={"Bytes": picture}, Attributes=names)
    found = answer["FaceDetails"]
    if drawing:
        marks = [Mark(face["BoundingBox"], f"{face['Confidence']:.1f}", face["Landmarks"]) for face in found]
        draw(picture, marks, drawing)
    if as_json:
        print_json(answer)
        return
    rows = table(*(Column(header, no_wrap=True) for header in ("#", "Confidence", _BOX, *_FACTS)))
    for number, face in enumerate(found, 1):
        pose, quality = face["Pose"], face["Quality"]
        cells = (
            str(number),
            f"{face['Confidence']:.2f} %",
            _box(face["BoundingBox"]),
            *(f"{pose[axis]:+.0f}°" for axis in ("Roll", "Yaw", "Pitch")),
            *(f"{quality[name]:.0f}" for name in ("Brightness", "Sharpness")),
        )
        add_row(rows, cells)
    summary = f"{count(len(found), 'face')} in {photo.name}"
    if attributes:
        print_table(rows)
        _print(attribute_rows(found), summary, drawing)
    else:
        _print(rows, summary, drawing)


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
    rows = table(*(Column(header, no_wrap=True) for header in ("#", "Similarity", _BOX)))
    for number, match in enumerate(matches, 1):
        add_row(rows, (str(number), f"{match['Similarity']:.2f} %", _box(match["Face"]["BoundingBox"])))
    there = count(len(matches) + len(answer["UnmatchedFaces"]), "face")
    verb = "matches" if len(matches) == 1 else "match"
    _print(rows, f"{len(matches)} of {there} in {target.name} {verb} at {threshold:g} %", drawing)


def _box(box: dict[str, Any]) -> str:
    return " ".join(f"{box[side]:.3f}" for side in ("Left", "Top", "Width", "Height"))


def _print(rows: Table, summary: str, drawing: Path | None) -> None:
    print_table(rows)
    say(summary + (f"; drawn in {drawing}" if drawing else ""))
