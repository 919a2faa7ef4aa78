"""`regard import`: embeddings that were made before, by the million."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from regard.cli.collections import CollectionId
from regard.cli.local import local_gate
from regard.cli.options import AsPerson, DataFolder, KeyFile
from regard.cli.printing import print_json, say
from regard.cli.progress import step_bars
from regard.governance import purpose as purposes
from regard.presentation.wording import count


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
    again: Annotated[bool, typer.Option("--again", help="Read the rows that were done before, too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
    data: DataFolder = None,
    key: KeyFile = None,
    person: AsPerson = None,
) -> None:
    """Enrol embeddings from a file. Run it again to go on where it stopped; nothing is doubled.

    The whole file is checked before anything is written. The collection is made where there is none.
    """
    if purpose is not None:
        purposes.parse(purpose)
    request = {"CollectionId": collection, "File": file, "Ids": ids, "Again": again}
    chosen = {"FaceModelVersion": model_version, "Purpose": purpose}
    with local_gate(data, key=key, person=person) as gate, step_bars(hidden=as_json) as report:
        gate.check("create_collection", CollectionId=collection)
        started = time.monotonic()
        counts = gate.long("import_faces", report, **request, **chosen)
    rows, added, known, skipped = (counts[name] for name in ("Rows", "Added", "Known", "Skipped"))
    if as_json:
        print_json({"rows": rows, "added": added, "known": known, "skipped": skipped})
        return
    rate = (added + known) / max(time.monotonic() - started, 1e-9)
    say(
        f"{count(added, 'face')} of {count(rows, 'row')} {'is' if added == 1 else 'are'} new in "
        f"{collection}, {known + skipped:,} {'was' if known + skipped == 1 else 'were'} there already; "
        f"{rate:,.0f} rows a second."
    )
