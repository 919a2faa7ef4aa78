"""`regard models upgrade`: a collection's vectors made anew by another face model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from regard.cli.local import local_gate
from regard.cli.options import AsJson, AsPerson, Case, DataFolder, KeyFile
from regard.cli.printing import print_json, print_table, say
from regard.cli.progress import step_bars
from regard.errors import RegardError
from regard.presentation.tables import Header, Table
from regard.presentation.wording import count

_SHOWN = 20  # faces that were not carried; the others are in the report


def upgrade(
    collection: Annotated[
        str | None, typer.Argument(help="The collection; or --celebrities.", show_default=False)
    ] = None,
    celebrities: Annotated[bool, typer.Option("--celebrities", help="The celebrities instead.")] = False,
    photos: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder with the photos, at any depth.")
    ] = None,
    bucket: Annotated[
        str | None, typer.Option(metavar="NAME[/PREFIX]", help="Bucket with the photos.")
    ] = None,
    manifest: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON lines, each with a source-ref s3://BUCKET/KEY.")
    ] = None,
    by_name: Annotated[
        bool,
        typer.Option("--by-name", help="Find photos that were saved anew, too: by ExternalImageId."),
    ] = False,
    face_model: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="A FaceModelVersion; REGARD_FACE_MODEL, else the newest."),
    ] = None,
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Erase the faces that can't be carried, and switch.")
    ] = False,
    cancel: Annotated[bool, typer.Option("--cancel", help="Drop what was made; nothing changes.")] = False,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write there what was carried and what wasn't.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """Make a collection's vectors anew by another face model, from the photos. Run it again to go on.

    The collection answers by its present model until all of its faces are carried; FaceIds, users and tags
    stay.
    """
    if (collection is None) != celebrities:
        raise RegardError("Name a collection, or give --celebrities.")
    request: dict[str, Any] = {
        "Folder": photos,
        "Bucket": bucket,
        "Manifest": manifest,
        "ByName": by_name,
        "FaceModelVersion": face_model,
        "DropMissing": drop_missing,
        "Cancel": cancel,
    }
    name, operation = "the celebrities", "upgrade_celebrities"
    if collection is not None:
        name, operation, request["CollectionId"] = collection, "upgrade_collection", collection
    with (
        local_gate(data, case, existing=True, key=key, person=person) as gate,
        step_bars(hidden=as_json) as bars,
    ):
        if collection is not None:
            gate.check("describe_collection", CollectionId=collection)
        answer = gate.long(operation, bars, **request)
    if report is not None:
        report.write_text(json.dumps(answer, indent=1, ensure_ascii=False) + "\n", "utf-8")
    if as_json:
        print_json(answer)
    else:
        _say(name, answer, report)
    if not answer["Switched"] and not answer.get("Cancelled"):
        raise typer.Exit(1)


def _say(name: str, answer: Mapping[str, Any], report: Path | None) -> None:
    version = answer["FaceModelVersion"]
    if answer.get("Cancelled"):
        say(f"What was made of {name} is dropped; face model {version} stays.")
        return
    missing, dropped = answer["Missing"], answer["DroppedFaceIds"]
    if missing:
        print_table(_missing_table(missing[:_SHOWN]))
        if len(missing) > _SHOWN:
            where = f"{report} names all." if report else "--report FILE.json names all."
            say(f"… and {len(missing) - _SHOWN:,} more; {where}")
    for one in answer["Unreadable"][:_SHOWN]:
        say(f"{one['Photo']}: {one['Reason']}")
    carried = answer["CarriedBefore"] + answer["Carried"]
    done = f"{carried:,} of {count(answer['Faces'], 'face')}"
    if answer["Switched"]:
        left = f"; {count(len(dropped), 'face')} could not be carried and were erased" if dropped else ""
        say(f"{name} has face model {version} now: {done} are carried{left}.")
    else:
        say(
            f"{done} are carried to face model {version}; {name} stays as it was. Run it again with the "
            "photos of the others, or with --drop-missing to erase these."
        )


def _missing_table(missing: list[dict[str, Any]]) -> Table:
    """Faces that were not carried, a row each."""
    rows = [
        (face["FaceId"], face.get("ExternalImageId", ""), face.get("UserId", ""), face["Reason"])
        for face in missing
    ]
    return Table([Header("FaceId"), Header("ExternalImageId"), Header("UserId"), Header("Not carried")], rows)
