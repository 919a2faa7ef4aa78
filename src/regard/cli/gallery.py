"""`regard index` and `regard search`: enrol a folder, find a person."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from regard.cli.collections import CollectionId, Purpose, create_collection
from regard.cli.drawing import Mark, draw
from regard.cli.enrolment import Journal, Naming, Tally, enrol, pictures_below
from regard.cli.local import AsJson, Case, DataFolder, LocalGate, local_gate, print_json, read_picture
from regard.errors import RegardError, ResourceNotFoundException
from regard.governance import purpose as purposes


def index(
    collection: CollectionId,
    folder: Annotated[Path, typer.Argument(help="Folder of JPEG and PNG files, at any depth.")],
    naming: Annotated[
        Naming, typer.Option("--name-from", help="Where ExternalImageId comes from.")
    ] = Naming.AUTO,
    most_faces: Annotated[
        int | None,
        typer.Option("--max-faces", min=1, help="At most so many faces of each picture, the largest."),
    ] = None,
    quality: Annotated[str, typer.Option(help="NONE, AUTO, LOW, MEDIUM or HIGH.")] = "AUTO",
    purpose: Purpose = purposes.GENERAL,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Enrol every face of a folder. Run it again to go on where it stopped; nothing is doubled.

    The collection is made where there is none. ExternalImageId is the name of the file's folder, or the
    file's own where it lies directly in FOLDER.
    """
    if not folder.is_dir():
        raise RegardError(f"There is no folder {folder}.")
    files = pictures_below(folder)
    if not files:
        raise RegardError(f"There is no JPEG or PNG in {folder}.")
    with local_gate(data, case) as gate:
        created = _ensure(gate, collection, purpose)
        options: dict[str, object] = {"CollectionId": collection, "QualityFilter": quality}
        if most_faces is not None:
            options["MaxFaces"] = most_faces
        journal = Journal.open(gate.parts.settings.data, collection, created, folder, options)
        todo = [file for file in files if not journal.done(file)]
        tally = Tally()
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=as_json,
        ) as progress:
            task = progress.add_task("Enrolling", total=len(files), completed=len(files) - len(todo), rate="")
            for outcome in enrol(gate, folder, todo, naming, options, gate.parts.settings.worker_count):
                tally = tally.with_(outcome)
                if outcome.error is None:
                    journal.write(outcome.file)
                elif not as_json:
                    progress.console.print(f"{outcome.file}: {outcome.error}", style="red", markup=False)
                progress.update(task, advance=1, rate=f"{tally.rate:.1f}/s")
    if as_json:
        print_json(tally.facts() | {"skipped": len(files) - len(todo)})
    else:
        known = len(files) - len(todo)
        Console(highlight=False).print(
            tally.summary(collection) + (f" {known} files were done before." if known else "")
        )
    if tally.failed:
        raise typer.Exit(1)


def search(
    collection: CollectionId,
    photo: Annotated[Path, typer.Argument(help="Its largest face is looked for.")],
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Least similarity, percent; 80, or the purpose's floor."),
    ] = None,
    most: Annotated[int, typer.Option("--max-faces", min=1, max=4096, help="At most so many matches.")] = 10,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the photo with the face marked.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    case: Case = None,
) -> None:
    """Find the person of a photo in a collection."""
    picture = read_picture(photo)
    with local_gate(data, case) as gate:
        chosen = {} if threshold is None else {"FaceMatchThreshold": threshold}
        answer = gate.call(
            "search_faces_by_image",
            CollectionId=collection,
            Image={"Bytes": picture},
            MaxFaces=most,
            **chosen,
        )
    matches = answer["FaceMatches"]
    if drawing:
        best = matches[0] if matches else None
        caption = f"{_name(best['Face'])} {best['Similarity']:.2f} %" if best else "no match"
        draw(picture, [Mark(answer["SearchedFaceBoundingBox"], caption)], drawing)
    if as_json:
        print_json(answer)
        return
    table = Table("#", "Similarity", "ExternalImageId", "FaceId")
    for number, match in enumerate(matches, 1):
        face = match["Face"]
        table.add_row(
            str(number), f"{match['Similarity']:.2f} %", face["ExternalImageId"] or "", face["FaceId"]
        )
    console = Console(highlight=False)
    if matches:
        console.print(table)
    console.print(f"{len(matches)} match{'' if len(matches) == 1 else 'es'} in {collection}")


def _name(face: dict[str, str]) -> str:
    return face["ExternalImageId"] or face["FaceId"]


def _ensure(gate: LocalGate, collection: str, purpose: str) -> int:
    """Makes the collection where there is none; answers when it was made, milliseconds since the epoch."""
    try:
        facts = gate.call("describe_collection", CollectionId=collection)
    except ResourceNotFoundException:
        create_collection(gate, collection, purpose)
        facts = gate.call("describe_collection", CollectionId=collection)
    return int(facts["CreationTimestamp"].timestamp() * 1000)
