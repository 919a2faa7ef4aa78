"""`regard ppe`: who wears a mask, a helmet or gloves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column

from regard.cli.local import AsJson, DataFolder, local_gate, read_picture
from regard.cli.printing import add_row, print_json, print_table, say, table
from regard.errors import RegardError
from regard.presentation.drawing import Mark, draw
from regard.presentation.wording import count

Drawing = Annotated[Path | None, typer.Option("--draw", help="Write the picture with people and equipment.")]

_TYPES = {"face": "FACE_COVER", "head": "HEAD_COVER", "hand": "HAND_COVER"}
_SUMMARY = {
    "PersonsWithRequiredEquipment": "wears all that is required",
    "PersonsWithoutRequiredEquipment": "lacks something",
    "PersonsIndeterminate": "can't be told",
}


def ppe(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    required: Annotated[
        str | None,
        typer.Option("--require", help="Say who wears these: face, head, hand, separated by commas."),
    ] = None,
    least: Annotated[
        float,
        typer.Option("--min-confidence", min=0, max=100, help="Least confidence for --require, percent."),
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
        request["SummarizationAttributes"] = {"RequiredEquipmentTypes": types, "MinConfidence": least}
    with local_gate(data) as gate:
        answer = gate.call("detect_protective_equipment", **request)
    persons = answer["Persons"]
    if drawing:
        draw(picture, [mark for person in persons for mark in marks(person)], drawing)
    if as_json:
        print_json(answer)
        return
    summary = answer.get("Summary", {})
    verdicts = {number: said for name, said in _SUMMARY.items() for number in summary.get(name, ())}
    headers = ("Person", "Part", "Seen", "Wears", "Sure", "Covers it")
    rows = table(*(Column(header, no_wrap=True) for header in headers))
    for person in persons:
        title = f"{person['Id']}  {person['Confidence']:.0f} %"
        verdict = verdicts.get(person["Id"])
        for part in person["BodyParts"] or [None]:
            add_row(rows, (title, *_cells(part)))
            title = ""
        if verdict is not None:
            add_row(rows, ("", "", "", f"→ {verdict}", "", ""))
    print_table(rows)
    drawn = f"; drawn in {drawing}" if drawing else ""
    say(f"{count(len(persons), 'person')} in {photo.name}{drawn}")


def marks(person: dict[str, Any]) -> list[Mark]:
    """A person's box, and those of what it wears."""
    pieces = [piece for part in person["BodyParts"] for piece in part["EquipmentDetections"]]
    return [
        Mark(person["BoundingBox"], f"{person['Id']}"),
        *(Mark(piece["BoundingBox"], f"{_name(piece)} {piece['Confidence']:.0f}") for piece in pieces),
    ]


def _types(text: str) -> list[str]:
    names = [name.strip().lower() for name in text.split(",")]
    unknown = [name for name in names if name not in _TYPES]
    if unknown:
        raise RegardError(f"--require takes face, head and hand, separated by commas, not {unknown[0]!r}.")
    return [_TYPES[name] for name in dict.fromkeys(names)]


def _cells(part: dict[str, Any] | None) -> tuple[str, str, str, str, str]:
    if part is None:
        return ("", "", "", "", "")
    name, seen = part["Name"].replace("_", " ").lower(), f"{part['Confidence']:.1f} %"
    if not part["EquipmentDetections"]:
        return (name, seen, "–", "", "")
    piece = part["EquipmentDetections"][0]
    covers = piece["CoversBodyPart"]
    covering = f"{'yes' if covers['Value'] else 'no'}, {covers['Confidence']:.0f} %"
    return (name, seen, _name(piece), f"{piece['Confidence']:.1f} %", covering)


def _name(piece: dict[str, Any]) -> str:
    return str(piece["Type"]).replace("_", " ").lower()
