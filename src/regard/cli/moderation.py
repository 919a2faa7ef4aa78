"""`regard moderate`: explicit content, nudity and swimwear in a photo, or in a folder of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from regard.cli.local import LocalGate, local_gate
from regard.cli.moderation_report import report_moderation
from regard.cli.options import AsJson, Case, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.errors import RegardError
from regard.presentation.colours import AMBER, Colour
from regard.presentation.drawing import Mark, draw
from regard.presentation.pictures.moderation import NO_PARTS, NOT_DETECTED, moderation_table, nudity_marks
from regard.presentation.wording import count
from regard.vision.findings import Pictures


def moderate(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG; with --report a folder of them.")],
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", min=0, max=100, help="Minimum confidence, percent.")
    ] = 50,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the picture with what was found marked.")
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="Measure how many pictures of a folder get a label.")
    ] = False,
    adapter: Annotated[
        str | None,
        typer.Option(metavar="PROJECT/VERSION", help="An adapter of yours, which corrects what is said."),
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Detect explicit content in a photo; nudity and swimwear too after `regard models install nudenet`."""
    if report:
        if drawing:
            raise RegardError("--draw is for one photo, and --report for a folder.")
        with local_gate(data, case) as gate:
            report_moderation(gate, photo, adapter=_adapter(gate, adapter), as_json=as_json)
        return
    picture = read_picture(photo)
    with local_gate(data, case) as gate:
        missing = None if gate.parts.models.nudity.finds_parts() else NO_PARTS
        pictures = Pictures(gate.parts.models)
        image = {"Bytes": picture}
        answer = gate.sharing(pictures).call(
            "detect_moderation_labels",
            Image=image,
            MinConfidence=min_confidence,
            **_adapter(gate, adapter),
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
    if missing:
        say(missing)


def _adapter(gate: LocalGate, named: str | None) -> dict[str, str]:
    """What a request says of an adapter. Raises RegardError where there is none of that name."""
    if named is None:
        return {}
    project, _, version = named.partition("/")
    projects = gate.call("describe_projects", ProjectNames=[project], Features=["CONTENT_MODERATION"])[
        "ProjectDescriptions"
    ]
    found = (
        projects
        and gate.call(
            "describe_project_versions", ProjectArn=projects[0]["ProjectArn"], VersionNames=[version]
        )["ProjectVersionDescriptions"]
    )
    if not found:
        raise RegardError(f"There is no adapter {named}; name it as PROJECT/VERSION.")
    if found[0]["Status"] != "TRAINING_COMPLETED":
        raise RegardError(f"{named} is {found[0]['Status']}: {found[0]['StatusMessage']}")
    return {"ProjectVersion": found[0]["ProjectVersionArn"]}


def found_nudity(
    gate: LocalGate, pictures: Pictures, picture: bytes, min_confidence: float, colour: Colour = AMBER
) -> list[Mark]:
    """Where what the labels say was found, which the answer does not tell; `pictures` know it already."""
    settings = gate.parts.settings
    seen = pictures.open(picture, max_side=settings.image_side, max_pixels=settings.image_pixels)
    return nudity_marks(seen.nudity(), seen.image, min_confidence, colour)
