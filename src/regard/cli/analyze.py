"""`regard analyze`: everything that can be told of one picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.moderation import found_nudity
from regard.cli.options import Case, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.errors import ResourceNotReadyException
from regard.presentation.colours import COLOURS
from regard.presentation.drawing import draw
from regard.presentation.pictures.findings import ShownFinding, finding_table, findings, legend
from regard.presentation.pictures.moderation import NO_PARTS, NOT_DETECTED
from regard.presentation.wording import count
from regard.vision.findings import Pictures

_MIN_NUDITY = 50.0  # percent; DetectModerationLabels' own
_MIN_SIDE = 1280  # px of the drawn picture's longer side


@dataclass(frozen=True, slots=True)
class ImageAnalysis:
    """An operation on a picture, and what is asked of it beside the picture."""

    operation: str
    options: Mapping[str, Any] = field(default_factory=dict)


# In the order of the table.
_ANALYSES = (
    ImageAnalysis("detect_faces", {"Attributes": ["ALL"]}),
    ImageAnalysis("recognize_celebrities"),
    ImageAnalysis("detect_protective_equipment"),
    ImageAnalysis("detect_labels", {"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]}),
    ImageAnalysis("detect_text"),
    ImageAnalysis("detect_moderation_labels", {"MinConfidence": _MIN_NUDITY}),
)


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
    found: list[ShownFinding] = []
    with local_gate(data, case) as gate:
        pictures = Pictures(gate.parts.models)
        sharing, has_parts = gate.sharing(pictures), gate.parts.models.nudity.finds_parts()
        for one in _analyses(gate):
            name = gate.parts.gate.name_of(one.operation)
            try:
                answer = sharing.call(one.operation, Image={"Bytes": picture}, **one.options)
            except ResourceNotReadyException as error:  # a model that is optional
                answers[name] = {"Error": {"Code": error.code, "Message": str(error)}}
                continue
            answers[name] = answer
            found += findings(answer)
        marks = [mark for finding in found for mark in finding.marks]
        if "ModerationLabels" in answers["DetectModerationLabels"]:
            marks += found_nudity(gate, pictures, picture, _MIN_NUDITY, COLOURS["moderation"])
    if drawing:
        draw(picture, marks, drawing, min_side=_MIN_SIDE, legend=legend(marks))
    missing = [answer["Error"]["Message"] for answer in answers.values() if "Error" in answer]
    if as_json:
        print_json(answers)
    else:
        print_table(finding_table(found))
        say(f"{count(len(found), 'finding')} in {photo.name}" + (f"; drawn in {drawing}" if drawing else ""))
        if "Error" not in answers["DetectModerationLabels"]:
            say(NOT_DETECTED if has_parts else f"{NO_PARTS} {NOT_DETECTED}")
    for message in missing:
        say(message, on_stderr=as_json)


def _analyses(gate: LocalGate) -> Iterator[ImageAnalysis]:
    """Every one that is built; celebrities where the operator has enrolled any."""
    for one in _ANALYSES:
        wanted = one.operation != "recognize_celebrities" or bool(gate.parts.stores.celebrities.all())
        if wanted and gate.parts.gate.is_built(one.operation):
            yield one
