"""`regard import`: embeddings that were made before, by the million."""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.collections import CollectionId
from regard.cli.gallery import ensure_collection
from regard.cli.local import LocalGate, local_gate
from regard.cli.options import DataFolder
from regard.cli.printing import print_json, say
from regard.cli.progress import bar
from regard.cli.vectorfiles import VectorFile, open_vectors
from regard.collections.bulk import BulkLoader, check
from regard.collections.records import Collection
from regard.errors import RegardError, ResourceNotFoundException
from regard.governance import purpose as purposes
from regard.presentation.wording import count

BATCH = 10_000  # rows of a transaction: other writers wait a third of a second for one


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of the file: enrolled now, found in the collection, and passed over as done by an earlier run."""

    added: int = 0
    known: int = 0
    skipped: int = 0


def import_(
    collection: CollectionId,
    file: Annotated[Path, typer.Argument(help="A .parquet file with a column `vector`, or a .npy file.")],
    ids: Annotated[
        Path | None, typer.Option(help="For a .npy file: a text file with an ExternalImageId a line.")
    ] = None,
    model_version: Annotated[
        str | None,
        typer.Option("--face-model-version", help="FaceModelVersion of what made the embeddings; checked."),
    ] = None,
    purpose: Annotated[
        str | None, typer.Option(help=f"What the collection is for: {', '.join(purposes.PURPOSES)}.")
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Look at the rows that were done before, too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    data: DataFolder = None,
) -> None:
    """Enrol embeddings from a file. Run it again to go on where it stopped; nothing is doubled.

    The whole file is checked before anything is written. The collection is made where there is none.
    """
    if purpose is not None:
        purposes.parse(purpose)
    source = open_vectors(file, ids)
    with local_gate(data) as gate:
        gate.check("create_collection", CollectionId=collection)
        _check_model(gate, source, file, model_version)
        store = gate.parts.stores.collections
        found = _find(gate, collection)
        journal = None if found is None else _Journal.open(gate, found, file, ids)
        done = 0 if journal is None or again else min(journal.position(), source.rows)
        loader = BulkLoader(gate.parts.database, max_faces=gate.parts.settings.collection_faces)
        _check_rows(source, done, hidden=as_json)
        _check_quota(gate, loader, source, found, done)
        ensure_collection(gate, collection, purpose, on_stderr=as_json)
        found = store.get(collection)
        journal = _Journal.open(gate, found, file, ids)
        started = time.monotonic()
        counts = _load(gate, loader, source, found, journal, done, file=file, hidden=as_json)
    if as_json:
        print_json(
            {"rows": source.rows, "added": counts.added, "known": counts.known, "skipped": counts.skipped}
        )
        return
    rate = (counts.added + counts.known) / max(time.monotonic() - started, 1e-9)
    say(
        f"{count(counts.added, 'face')} of {count(source.rows, 'row')} "
        f"{'is' if counts.added == 1 else 'are'} new in {collection}, {counts.known + counts.skipped:,} "
        f"{'was' if counts.known + counts.skipped == 1 else 'were'} there already; {rate:,.0f} rows a second."
    )


def _check_model(gate: LocalGate, source: VectorFile, file: Path, model_version: str | None) -> None:
    faces = gate.parts.models.faces
    if model_version not in (None, faces.version):
        raise RegardError(
            f"The embeddings were made by version {model_version} of the face model and this is version "
            f"{faces.version}: they don't compare. Enrol the pictures themselves with `regard index`."
        )
    if not source.rows:
        raise RegardError(f"{file} holds no rows.")
    if source.dimension != faces.dimension:
        raise RegardError(
            f"The vectors of {file} have {source.dimension} numbers, and those of the face model "
            f"{faces.dimension}: another model made them."
        )


def _find(gate: LocalGate, collection: str) -> Collection | None:
    """The collection, or None where there is none. Raises RegardError where another model made its faces."""
    try:
        found = gate.parts.stores.collections.get(collection)
    except ResourceNotFoundException:
        return None
    version = gate.parts.models.faces.version
    if found.face_model_version != version:
        raise RegardError(
            f"The faces of {found.collection_id} were made by version {found.face_model_version} of the face "
            f"model and this is version {version}: import into a new collection."
        )
    return found


def _check_rows(source: VectorFile, done: int, *, hidden: bool) -> None:
    """Reads every row that is to be loaded. Raises RegardError for the first that can't be."""
    with bar(hidden=hidden) as progress:
        task = progress.add_task("Checking", total=source.rows, completed=done, rate="")
        first, started = done, time.monotonic()
        for batch in source.read(done, BATCH):
            check(batch, first)
            first += len(batch)
            progress.update(task, completed=first, rate=_rate(first - done, started))


def _check_quota(
    gate: LocalGate, loader: BulkLoader, source: VectorFile, found: Collection | None, done: int
) -> None:
    most = gate.parts.settings.collection_faces
    count_now = 0 if found is None else found.face_count
    new = source.rows - done
    if found is not None and count_now + new > most:
        new -= sum(loader.known(found, batch) for batch in source.read(done, BATCH))
    if count_now + new > most:
        raise RegardError(
            f"The collection would hold {count_now + new:,} faces, and can't hold more than {most:,}: raise "
            "REGARD_COLLECTION_FACES, or import into several collections."
        )


def _load(
    gate: LocalGate,
    loader: BulkLoader,
    source: VectorFile,
    collection: Collection,
    journal: _Journal,
    done: int,
    *,
    file: Path,
    hidden: bool,
) -> Counts:
    facts_of_import = {
        "file": file.name,
        "rows": source.rows,
        "from_row": done,
        "face_model_version": collection.face_model_version,
        "purpose": collection.purpose,
    }
    audit, name = gate.parts.audit, collection.collection_id
    # Two records: a crash in between must not leave faces of which the log knows nothing.
    audit.append_command("import begin", name, **facts_of_import)
    counts = Counts(skipped=done)
    try:
        with bar(hidden=hidden) as progress:
            task = progress.add_task("Importing", total=source.rows, completed=done, rate="")
            first, started = done, time.monotonic()
            for batch in source.read(done, BATCH):
                check(batch, first)  # the file may have changed since
                loaded = loader.load(collection, batch)
                first += len(batch)
                journal.write(first)
                counts = replace(counts, added=counts.added + loaded.added, known=counts.known + loaded.known)
                progress.update(task, completed=first, rate=_rate(first - done, started))
    finally:
        audit.append_command("import end", name, **facts_of_import, added=counts.added, known=counts.known)
    return counts


def _rate(rows: int, started: float) -> str:
    return f"{rows / max(time.monotonic() - started, 1e-9):,.0f}/s"


class _Journal:
    """How far one file is in one collection, so that the next run begins there.

    It only saves time: what is behind the position and in the collection already is not doubled.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def open(cls, gate: LocalGate, collection: Collection, file: Path, ids: Path | None) -> _Journal:
        sources = [(str(path.resolve()), *_stamp(path)) for path in (file, ids) if path is not None]
        which = json.dumps([gate.incarnation(), collection.collection_id, collection.row, sources])
        folder = gate.parts.settings.data / "enrolments"
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(folder / f"{hashlib.sha256(which.encode()).hexdigest()[:32]}.rows")

    def position(self) -> int:
        """Rows that are done."""
        try:
            return int(self._file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def write(self, position: int) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(str(position), "ascii")
        draft.replace(self._file)


def _stamp(file: Path) -> tuple[int, int]:
    status = os.stat(file)
    return status.st_size, status.st_mtime_ns
