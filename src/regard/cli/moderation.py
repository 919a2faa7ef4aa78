"""`regard moderate`: nudity and swimwear in a photo."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column

from regard.cli.local import AsJson, Case, DataFolder, LocalGate, local_gate, read_picture
from regard.cli.printing import add_row, print_json, print_table, say, table
from regard.presentation.drawing import AMBER, Colour, Mark, draw
from regard.presentation.wording import count

if TYPE_CHECKING:
    from regard.vision.looks import Looks

NOT_LOOKED_FOR = "Violence, drugs, hate symbols and all else are not looked for."


def moderate(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    least: Annotated[
        float, typer.Option("--min-confidence", min=0, max=100, help="Least confidence, percent.")
    ] = 50,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the picture with what was found marked.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Look for nudity and swimwear in a photo. Needs `regard models install nudenet`."""
    picture = read_picture(photo)
    with local_gate(data, case) as gate:
        looks = gate.parts.models.looks()
        image = {"Bytes": picture}
        answer = gate.sharing(looks).call("detect_moderation_labels", Image=image, MinConfidence=least)
        if drawing:
            draw(picture, nudity_marks(gate, looks, picture, least), drawing)
    if as_json:
        print_json(answer)
        return
    labels = answer["ModerationLabels"]
    rows = table(*(Column(header, no_wrap=True) for header in ("Confidence", "Level")), "Label", "Under")
    for label in labels:
        cells = (
            f"{label['Confidence']:.2f} %",
            str(label["TaxonomyLevel"]),
            label["Name"],
            label["ParentName"],
        )
        add_row(rows, cells)
    print_table(rows)
    drawn = f"; drawn in {drawing}" if drawing else ""
    say(f"{count(len(labels), 'label')} for {photo.name} from {least:g} % on{drawn}. {NOT_LOOKED_FOR}")


def nudity_marks(
    gate: LocalGate, looks: Looks, picture: bytes, least: float, colour: Colour = AMBER
) -> list[Mark]:
    """Where what the labels say was found, which the answer does not tell; `looks` know it already."""
    settings = gate.parts.settings
    image = looks.image(picture, max_side=settings.image_side, max_pixels=settings.image_pixels)
    return [
        Mark(
            {
                "Left": found.box.left / image.width,
                "Top": found.box.top / image.height,
                "Width": found.box.width / image.width,
                "Height": found.box.height / image.height,
            },
            f"{found.finding.value} {found.confidence:.0f}",
            colour=colour,
        )
        for found in looks.nudity(image)
        if found.confidence >= least
    ]
