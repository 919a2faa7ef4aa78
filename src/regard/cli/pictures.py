"""`regard faces` and `regard compare`: the faces of one picture, or of two."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsJson, AsPerson, Case, DataFolder, KeyFile, read_picture
from regard.cli.printing import print_json, print_table, say, say_review
from regard.presentation.drawing import draw
from regard.presentation.pictures.faces import (
    attribute_table,
    comparison_marks,
    comparison_table,
    face_marks,
    face_table,
)
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with the faces marked.")]


def faces(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    attributes: Annotated[
        bool, typer.Option("--attributes", help="Also age, gender, expression, glasses, … of each face.")
    ] = False,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Find the faces of a photo."""
    picture = read_picture(photo)
    with local_gate(data, key=key, person=person) as gate:
        names = ["ALL"] if attributes else ["DEFAULT"]
        answer = gate.call("detect_faces", Image={"Bytes": picture}, Attributes=names)
    found = answer["FaceDetails"]
    if drawing:
        draw(picture, face_marks(found), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(face_table(found))
    if attributes:
        print_table(attribute_table(found))
    _say(f"{count(len(found), 'face')} in {photo.name}", drawing)


def compare(
    source: Annotated[Path, typer.Argument(help="Its largest face is compared.")],
    target: Annotated[Path, typer.Argument(help="Every face in it is compared.")],
    threshold: Annotated[
        float, typer.Option(min=0, max=100, help="Minimum similarity of a match, percent.")
    ] = 80,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """Compare the largest face of one photo with every face of another."""
    picture = read_picture(target)
    with local_gate(data, case, key=key, person=person) as gate:
        released = gate.answer(
            "compare_faces",
            SourceImage={"Bytes": read_picture(source)},
            TargetImage={"Bytes": picture},
            SimilarityThreshold=threshold,
        )
    answer = released.body
    matches = answer["FaceMatches"]
    if drawing:
        draw(picture, comparison_marks(matches), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(comparison_table(matches))
    there = count(len(matches) + len(answer["UnmatchedFaces"]), "face")
    verb = "matches" if len(matches) == 1 else "match"
    _say(f"{len(matches)} of {there} in {target.name} {verb} at {threshold:g} %", drawing)
    say_review(released.headers)


def _say(summary: str, drawing: Path | None) -> None:
    say(summary + (f"; drawn in {drawing}" if drawing else ""))
