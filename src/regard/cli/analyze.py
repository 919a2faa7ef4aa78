"""`regard analyze`: everything that can be told of one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Column

from regard.cli.local import Case, DataFolder, LocalGate, local_gate, read_picture
from regard.cli.moderation import NOT_LOOKED_FOR, nudity_marks
from regard.cli.printing import add_row, print_json, print_table, say, table
from regard.errors import ResourceNotReadyException
from regard.presentation.drawing import draw
from regard.presentation.findings import COLOURS, READERS, Finding, findings
from regard.presentation.wording import count

_LEAST_NUDITY = 50.0  # percent; DetectModerationLabels' own
_LEAST_SIDE = 1280  # px of the drawn picture's longer side
_OPTIONS: Mapping[str, dict[str, Any]] = {
    "detect_faces": {"Attributes": ["ALL"]},
    "detect_labels": {"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]},
    "detect_moderation_labels": {"MinConfidence": _LEAST_NUDITY},
}


def analyze(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the picture with everything marked.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print Rekognition's answers as JSON, by operation.")
    ] = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Tell everything of a photo: faces, labels, text, and all else that is built and installed."""
    picture = read_picture(photo)
    answers: dict[str, dict[str, Any]] = {}
    found: list[Finding] = []
    with local_gate(data, case) as gate:
        looks = gate.parts.models.looks()
        sharing = gate.sharing(looks)
        for operation in _operations(gate):
            name = gate.parts.gate.name_of(operation)
            options = _OPTIONS.get(operation, {})
            try:
                answer = sharing.call(operation, Image={"Bytes": picture}, **options)
            except ResourceNotReadyException as error:  # a model that is optional
                answers[name] = {"Error": {"Code": error.code, "Message": str(error)}}
                continue
            answers[name] = answer
            found += findings(operation, answer)
        marks = [mark for one in found for mark in one.marks]
        if "ModerationLabels" in answers["DetectModerationLabels"]:
            marks += nudity_marks(gate, looks, picture, _LEAST_NUDITY, COLOURS["moderation"])
    if drawing:
        legend = {kind: colour for kind, colour in COLOURS.items() if any(m.colour == colour for m in marks)}
        draw(picture, marks, drawing, least_side=_LEAST_SIDE, legend=legend)
    missing = [answer["Error"]["Message"] for answer in answers.values() if "Error" in answer]
    if as_json:
        print_json(answers)
    else:
        _print(found)
        say(f"{count(len(found), 'finding')} in {photo.name}" + (f"; drawn in {drawing}" if drawing else ""))
        if "Error" not in answers["DetectModerationLabels"]:
            say(f"Moderation looked for nudity and swimwear. {NOT_LOOKED_FOR}")
    for message in missing:
        say(message, on_stderr=as_json)


def _operations(gate: LocalGate) -> Iterator[str]:
    """Every image analysis that is built; celebrities where the operator has enrolled any."""
    for operation in READERS:
        wanted = operation != "recognize_celebrities" or bool(gate.parts.stores.celebrities.all())
        if wanted and gate.parts.gate.is_built(operation):
            yield operation


def _print(found: list[Finding]) -> None:
    rows = table(
        Column("Kind", no_wrap=True),
        Column("What", overflow="fold"),
        Column("Confidence", no_wrap=True, justify="right"),
        Column("Details", overflow="fold"),
    )
    for one in found:
        kind = one.kind if one.number is None else f"{one.kind} {one.number}"
        sure = "" if one.confidence is None else f"{one.confidence:.1f} %"
        add_row(rows, (kind, one.what, sure, one.details))
    print_table(rows)
