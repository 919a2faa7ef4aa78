"""`regard celebrities`: people whom RecognizeCelebrities names, all of them the operator's own choice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.celebrity_photos import Reading, read_photos
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

_UNLIKE = "it does not resemble the other photos enough."
_SURPLUS = "100 photos are enough."


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
    with local_gate(data) as gate:
        celebrities, audit = gate.parts.stores.celebrities, gate.parts.audit
        readings = _read(gate, files, hidden=as_json)
        taken = [(reading.file, reading.photo) for reading in readings if reading.photo is not None]
        passed = {reading.file: reading.problem for reading in readings if reading.problem is not None}
        if taken:
            version = gate.parts.models.faces.version
            found = celebrities.put(name, urls=urls, known_gender=known_gender, face_model_version=version)
            joined = celebrities.enrol(found, [photo for _, photo in taken])
            passed |= {taken[place][0]: _UNLIKE for place in joined.unlike}
            passed |= {taken[place][0]: _SURPLUS for place in joined.surplus}
            found = celebrities.get(found.celebrity_id)
            audit.append_command(
                "celebrities add", found.celebrity_id, photos=found.photos, passed=len(passed)
            )
    for file, problem in sorted(passed.items()):
        say(f"{file}: {problem}", on_stderr=True)
    if not taken:
        raise RegardError(f"No photo of {folder} can be taken; nothing was changed.")
    if as_json:
        print_json({"id": found.celebrity_id, "photos": found.photos, "passed": len(passed)})
        return
    verb = "was" if len(passed) == 1 else "were"
    left = f" {count(len(passed), 'picture')} {verb} passed over." if passed else ""
    say(f"{name} is celebrity {found.celebrity_id}, with {count(found.photos, 'photo')}.{left}")


@app.command("list")
def list_(as_json: AsJson = False, data: DataFolder = None) -> None:
    """List the celebrities with their ids, photos and URLs."""
    with local_gate(data, existing=True) as gate:
        known = gate.parts.stores.celebrities.all()
    if as_json:
        print_json([{key: value for key, value in asdict(one).items() if key != "row"} for one in known])
        return
    rows = [
        (one.celebrity_id, one.name, str(one.photos), one.known_gender, " ".join(one.urls)) for one in known
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
    with local_gate(data, existing=True) as gate:
        celebrities = gate.parts.stores.celebrities
        found = celebrities.find(celebrity)
        if not yes:
            typer.confirm(f"Erase {found.name} and {count(found.photos, 'photo')}?", abort=True)
        celebrities.remove(found)
        gate.parts.audit.append_command("celebrities remove", found.celebrity_id)
    say(f"{found.name} is erased.")


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


def _read(gate: LocalGate, files: Sequence[Path], *, hidden: bool) -> list[Reading]:
    readings = []
    with bar(hidden=hidden) as progress:
        task = progress.add_task("Looking", total=len(files), rate="")
        for reading in read_photos(gate.parts, files):
            readings.append(reading)
            progress.update(task, advance=1)
    return readings
