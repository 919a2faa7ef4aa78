"""`regard index` and `regard search`: enrol a folder, find a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from regard.cli.collections import CollectionId, create_collection, purpose_of
from regard.cli.enrolment import Journal, Naming, Outcome, Tally, enrol, enrol_seen, pictures_below
from regard.cli.local import LocalGate, local_gate
from regard.cli.options import AsJson, AsPerson, Case, DataFolder, KeyFile, read_picture
from regard.cli.printing import print_json, print_table, say, say_review
from regard.cli.progress import bar
from regard.errors import RegardError, ResourceNotFoundException
from regard.governance import purpose as purposes
from regard.presentation.drawing import draw
from regard.presentation.pictures.faces import match_marks, match_table
from regard.presentation.wording import count, printable
from regard.storage.buckets.objects import parse_folders
from regard.storage.buckets.places import place_of_file
from regard.tasks.choice import cluster_of


class QualityFilter(StrEnum):
    """Rekognition's."""

    NONE = "NONE"
    AUTO = "AUTO"
    LOW = "LOW"
    MEDIUM = "MEDIUM"
    HIGH = "HIGH"


def index(
    collection: CollectionId,
    folder: Annotated[Path, typer.Argument(help="Folder of JPEG and PNG files, at any depth.")],
    naming: Annotated[
        Naming, typer.Option("--name-from", help="Where ExternalImageId comes from.")
    ] = Naming.AUTO,
    max_faces: Annotated[
        int | None,
        typer.Option(
            "--max-faces", min=1, help="Maximum number of faces of each picture; the largest are taken."
        ),
    ] = None,
    quality: Annotated[QualityFilter, typer.Option(help="How good a face must be.")] = QualityFilter.AUTO,
    purpose: Annotated[
        str | None,
        typer.Option(
            help=f"What the collection is for: {', '.join(purposes.PURPOSES)}. "
            "One that exists is raised to a stricter purpose, never lowered."
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Enrol the files that were done before, too.")
    ] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """Enrol every face of a folder. Run it again to go on where it stopped; nothing is doubled.

    The collection is made where there is none. ExternalImageId is the name of the file's folder, or the
    file's own where it lies directly in FOLDER.
    """
    if purpose is not None:
        purposes.parse(purpose)
    if not folder.is_dir():
        raise RegardError(f"There is no folder {folder}.")
    files = pictures_below(folder)
    if not files:
        raise RegardError(f"There is no JPEG or PNG in {folder}.")
    with local_gate(data, case, key=key, person=person) as gate:
        options: dict[str, object] = {"CollectionId": collection, "QualityFilter": quality.value}
        if max_faces is not None:
            options["MaxFaces"] = max_faces
        gate.check("index_faces", Image={"Bytes": b"-"}, **options)  # before a collection is made for it
        created = ensure_collection(gate, collection, purpose, on_stderr=as_json)
        way = options | {"ExternalImageId": naming.value, "Database": gate.incarnation()}
        journal = Journal.open(gate.parts.settings.data, collection, created, folder, way)
        todo = [file for file in files if again or not journal.done(file)]
        tally = Tally()
        with bar(hidden=as_json) as progress:
            task = progress.add_task("Enrolling", total=len(files), completed=len(files) - len(todo), rate="")
            for outcome in _outcomes(gate, folder, todo, naming, options):
                tally = tally.with_(outcome)
                if outcome.error is None:
                    journal.write(outcome.file)
                elif not as_json:
                    sentence = Text(printable(f"{outcome.file}: {outcome.error}"), style="red")
                    progress.console.print(sentence, soft_wrap=True)
                progress.update(task, advance=1, rate=f"{tally.rate:.1f}/s")
    known = len(files) - len(todo)
    if as_json:
        print_json(tally.facts() | {"skipped": known})
    elif not todo:
        say(
            f"Nothing was done: {'the picture' if known == 1 else f'all {known:,} pictures'} of {folder} "
            f"{'is' if known == 1 else 'are'} in {collection} already; --again enrols once more."
        )
    else:
        before = f" {count(known, 'picture')} {'was' if known == 1 else 'were'} done before." if known else ""
        say(tally.summary(collection) + before)
    if tally.failed:
        raise typer.Exit(1)


def _outcomes(
    gate: LocalGate, folder: Path, files: Sequence[Path], naming: Naming, options: Mapping[str, Any]
) -> Iterator[Outcome]:
    """What comes of each file. Those in the folder of a bucket, which other machines have too, the cluster of
    the settings sees first, if there is one.
    """
    settings = gate.parts.settings
    buckets = parse_folders(settings.buckets)
    places = {} if settings.ray is None else {file: place_of_file(buckets, file) for file in files}
    cluster = cluster_of(settings) if any(places.values()) else None
    if cluster is None:
        return enrol(gate, folder, files, naming, options, settings.worker_count)
    return enrol_seen(cluster, gate, folder, places, naming, options)


def search(
    collection: CollectionId,
    photo: Annotated[Path, typer.Argument(help="Its largest face is searched for.")],
    threshold: Annotated[
        float | None,
        typer.Option(min=0, max=100, help="Minimum similarity, percent; 80, or the purpose's floor."),
    ] = None,
    max_matches: Annotated[
        int, typer.Option("--max-faces", min=1, max=4096, help="Maximum number of matches.")
    ] = 10,
    drawing: Annotated[
        Path | None, typer.Option("--draw", help="Write the photo with the face marked.")
    ] = None,
    as_json: AsJson = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
    case: Case = None,
) -> None:
    """Find the person of a photo in a collection."""
    picture = read_picture(photo)
    with local_gate(data, case, existing=True, key=key, person=person) as gate:
        chosen = {} if threshold is None else {"FaceMatchThreshold": threshold}
        released = gate.answer(
            "search_faces_by_image",
            CollectionId=collection,
            Image={"Bytes": picture},
            MaxFaces=max_matches,
            **chosen,
        )
    answer = released.body
    matches = answer["FaceMatches"]
    if drawing:
        draw(picture, match_marks(answer), drawing)
    if as_json:
        print_json(answer)
        return
    print_table(match_table(matches))
    say(f"{count(len(matches), 'match')} in {collection}")
    say_review(released.headers)


def ensure_collection(gate: LocalGate, collection: str, purpose: str | None, *, on_stderr: bool) -> int:
    """Makes the collection where there is none, and raises the purpose of one that exists, never lowers it.

    Answers when it was made, milliseconds since the epoch. Raises RegardError for a purpose less strict.
    """
    try:
        facts = gate.call("describe_collection", CollectionId=collection)
    except ResourceNotFoundException:
        create_collection(gate, collection, purpose or purposes.GENERAL)
        facts = gate.call("describe_collection", CollectionId=collection)
    else:
        if purpose is not None:
            _raise_purpose(gate, facts, collection, purpose, on_stderr=on_stderr)
    return int(facts["CreationTimestamp"].timestamp() * 1000)


def _raise_purpose(
    gate: LocalGate, facts: dict[str, Any], collection: str, purpose: str, *, on_stderr: bool
) -> None:
    """Gives a collection a stricter purpose. Raises RegardError for any other than it has."""
    present = purpose_of(gate, facts)
    if purpose == present:
        return
    if purposes.stricter(present, purpose) == present:
        raise RegardError(
            f"The purpose of {collection} is {present}, and {purpose} is no stricter: "
            "`regard index` raises a purpose and never lowers it."
        )
    gate.call("tag_resource", ResourceArn=facts["CollectionARN"], Tags={purposes.TAG: purpose})
    say(f"The purpose of {collection} is raised from {present} to {purpose}.", on_stderr=on_stderr)
