"""`regard ppe`: who wears a mask, a helmet or gloves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsJson, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.presentation.drawing import draw
from regard.presentation.pictures.protective import equipment_marks, equipment_table
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with people and equipment.")]

_TYPES = {"face": "FACE_COVER", "head": "HEAD_COVER", "hand": "HAND_COVER"}


def ppe(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    required: Annotated[
        str | None,
        typer.Option("--require", help="Say who wears these: face, head, hand, separated by commas."),
    ] = None,
    min_confidence: Annotated[
        float,
        typer.Option("--min-confidence", min=0, max=100, help="Minimum confidence for --require, percent."),
    ] = 80,
    drawing: Drawing = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Say who in a photo wears a face mask, a helmet or gloves."""
    picture = read_picture(photo)
    request: dict[str, Any] = {"Image": {"Bytes": picture}}
    if required is not None:
        types = _types(required)
        request["SummarizationAttributes"] = {
            "RequiredEquipmentTypes": types,
            "MinConfidence": min_confidence,
        }
    with local_gate(data) as gate:
        answer = gate.call("detect_protective_equipment", **request)
    persons = answer["Persons"]
    if drawing:
        draw(picture, equipment_marks(persons), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(equipment_table(answer))
    drawn = f"; drawn in {drawing}" if drawing else ""
    say(f"{count(len(persons), 'person')} in {photo.name}{drawn}")


def _types(text: str) -> list[str]:
    names = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in names if name not in _TYPES]
    if unknown:
        raise RegardError(f"--require takes face, head and hand, separated by commas, not {unknown[0]!r}.")
    return [_TYPES[name] for name in dict.fromkeys(names)]
