"""`regard celebrities`: people whom RecognizeCelebrities names, all of them the operator's own choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.enrolment import pictures_below
from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, Case, DataFolder, read_picture
from regard.cli.printing import print_json, print_table, say
from regard.cli.progress import bar
from regard.errors import RegardError
from regard.presentation.drawing import draw
from regard.presentation.pictures.faces import celebrity_marks, celebrity_table
from regard.presentation.tables import Breaks, Header, Table, broken, whole
from regard.presentation.wording import count

app = typer.Typer(help="Enrol celebrities, and recognise them in photos.", no_args_is_help=True)

_PHOTOS = 40  # of one request, which is held against each other
_KEYS = {
    "Id": "celebrity_id",
    "Name": "name",
    "Urls": "urls",
    "KnownGender": "known_gender",
    "Photos": "photos",
}


class KnownGender(StrEnum):
    """Rekognition's KnownGender."""

    MALE = "Male"
    FEMALE = "Female"
    NONBINARY = "Nonbinary"
    UNLISTED = "Unlisted"


@app.command("add")
def add(
    name: Annotated[str, typer.Argument(help="As it is answered; one that is there gets more photos.")],
    folder: Annotated[
        Path, typer.Argument(help="Folder of photos of this person, at any depth, or one photo.")
    ],
    urls: Annotated[
        list[str] | None, typer.Option("--url", help="Where more is to be read; may be given several times.")
    ] = None,
    known_gender: Annotated[
        KnownGender | None, typer.Option(help="The gender that the person is known by; else Unlisted.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Enrol a celebrity: the largest face of each photo. What can't be taken is named and passed over."""
    files = [folder] if folder.is_file() else pictures_below(folder)
    if not files:
        raise RegardError(f"There is no JPEG or PNG in {folder}.")
    facts: dict[str, Any] = {"Name": name}
    if urls is not None:
        facts["Urls"] = urls
    if known_gender is not None:
        facts["KnownGender"] = known_gender.value
    with local_gate(data) as gate:
        found, passed = _put(gate, facts, files, hidden=as_json)
    for file, problem in sorted(passed.items()):
        say(f"{file}: {problem}", on_stderr=True)
    if found is None:
        raise RegardError(f"No photo of {folder} can be taken; nothing was changed.")
    if as_json:
        print_json({"id": found["Id"], "photos": found["Photos"], "passed": len(passed)})
        return
    verb = "was" if len(passed) == 1 else "were"
    left = f" {count(len(passed), 'picture')} {verb} passed over." if passed else ""
    say(f"{name} is celebrity {found['Id']}, with {count(found['Photos'], 'photo')}.{left}")


def _put(
    gate: LocalGate, facts: Mapping[str, Any], files: Sequence[Path], *, hidden: bool
) -> tuple[dict[str, Any] | None, dict[Path, str]]:
    """The celebrity with the photos that could be taken, or None; and why the others could not be."""
    found: dict[str, Any] | None = None
    passed: dict[Path, str] = {}
    with bar(hidden=hidden) as progress:
        task = progress.add_task("Enrolling", total=len(files), rate="")
        for first in range(0, len(files), _PHOTOS):
            some = files[first : first + _PHOTOS]
            pictures: dict[Path, bytes] = {}
            for file in some:
                try:
                    pictures[file] = read_picture(file)
                except RegardError as error:
                    passed[file] = str(error)
            answer = gate.call(
                "put_celebrity", **facts, Images=[{"Bytes": picture} for picture in pictures.values()]
            )
            found = answer.get("Celebrity", found)
            sent = list(pictures)
            passed |= {sent[one["Image"]]: one["Reason"] for one in answer["PassedOver"]}
            progress.update(task, advance=len(some))
    return found, passed


@app.command("list")
def list_(as_json: AsJson = False, data: DataFolder = None) -> None:
    """List the celebrities with their ids, photos and URLs."""
    with local_gate(data, existing=True, has_models=False) as gate:
        known = sorted(gate.all("list_celebrities", "Celebrities"), key=lambda one: str(one["Name"]))
    if as_json:
        print_json([{_KEYS[member]: value for member, value in one.items()} for one in known])
        return
    rows = [
        (one["Id"], one["Name"], str(one["Photos"]), one["KnownGender"], " ".join(one["Urls"]))
        for one in known
    ]
    photos = Header("Photos", Breaks.NEVER, right=True)
    headers = [*whole("Id"), *broken("Name"), photos, *whole("Known gender"), *broken("URLs")]
    print_table(Table(headers, rows))
    if not known:
        say("There is no celebrity yet.")


@app.command("remove")
def remove(
    celebrity: Annotated[str, typer.Argument(metavar="NAME|ID", help="Its name or its id.")],
    yes: Annotated[bool, typer.Option("--yes", help="Don't ask.")] = False,
    data: DataFolder = None,
) -> None:
    """Erase a celebrity and every face of it."""
    with local_gate(data, existing=True, has_models=False) as gate:
        known = gate.all("list_celebrities", "Celebrities")
        found = next((one for one in known if one["Name"] == celebrity), None)
        found = found or next((one for one in known if one["Id"] == celebrity), None)
        if found is None:
            raise RegardError(
                f"There is no celebrity {celebrity}; `regard celebrities list` names those there are."
            )
        if not yes:
            typer.confirm(f"Erase {found['Name']} and {count(found['Photos'], 'photo')}?", abort=True)
        gate.call("delete_celebrity", Id=found["Id"])
    say(f"{found['Name']} is erased.")


@app.command("recognize")
def recognize(
    photo: Annotated[Path, typer.Argument(help="A JPEG or PNG.")],
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the picture with the celebrities marked.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Recognise the celebrities in a photo."""
    picture = read_picture(photo)
    with local_gate(data, case, existing=True) as gate:
        answer = gate.call("recognize_celebrities", Image={"Bytes": picture})
    found, others = answer["CelebrityFaces"], answer["UnrecognizedFaces"]
    if drawing:
        draw(picture, celebrity_marks(found), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(celebrity_table(found))
    drawn = f"; drawn in {drawing}" if drawing else ""
    say(
        f"{len(found)} of {count(len(found) + len(others), 'face')} in {photo.name} "
        f"{'is a celebrity' if len(found) == 1 else 'are celebrities'}{drawn}"
    )
