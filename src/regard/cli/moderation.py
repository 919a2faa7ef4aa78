"""`regard moderate`: nudity and swimwear in a photo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, Case, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.presentation.colours import AMBER, Colour
from regard.presentation.drawing import Mark, draw
from regard.presentation.pictures.moderation import NOT_DETECTED, moderation_table, nudity_marks
from regard.presentation.wording import count
from regard.vision.findings import Pictures


def moderate(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", min=0, max=100, help="Minimum confidence, percent.")
    ] = 50,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the picture with what was found marked.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Detect nudity and swimwear in a photo. Needs `regard models install nudenet`."""
    picture = read_picture(photo)
    with local_gate(data, case) as gate:
        pictures = Pictures(gate.parts.models)
        image = {"Bytes": picture}
        answer = gate.sharing(pictures).call(
            "detect_moderation_labels", Image=image, MinConfidence=min_confidence
        )
        if drawing:
            draw(picture, found_nudity(gate, pictures, picture, min_confidence), drawing)
    if as_json:
        print_json(answer)
        return
    labels = answer["ModerationLabels"]
    print_table(moderation_table(labels))
    drawn = f"; drawn in {drawing}" if drawing else ""
    say(f"{count(len(labels), 'label')} for {photo.name} from {min_confidence:g} % on{drawn}. {NOT_DETECTED}")


def found_nudity(
    gate: LocalGate, pictures: Pictures, picture: bytes, min_confidence: float, colour: Colour = AMBER
) -> list[Mark]:
    """Where what the labels say was found, which the answer does not tell; `pictures` know it already."""
    settings = gate.parts.settings
    seen = pictures.open(picture, max_side=settings.image_side, max_pixels=settings.image_pixels)
    return nudity_marks(seen.nudity(), seen.image, min_confidence, colour)
