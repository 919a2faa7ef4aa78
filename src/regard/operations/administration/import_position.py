"""How far a file of embeddings was imported into a collection, so that the next import begins there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from regard.collections.changes import identity_of
from regard.collections.records import Collection
from regard.context import Context


class ImportPosition:
    """The rows of one file that are in one collection.

    It only saves time: what is behind the position and in the collection already is not doubled.
    """

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of(cls, ctx: Context, collection: Collection, file: Path, ids: Path | None) -> ImportPosition:
        """The position of `file`, with the ids in the file `ids`; files that change begin anew."""
        with ctx.stores.database.read() as connection:
            incarnation, _ = identity_of(connection, collection.row)
        sources = [(str(path.resolve()), *_stamp(path)) for path in (file, ids) if path is not None]
        which = json.dumps([incarnation, collection.collection_id, collection.row, sources])
        folder = ctx.settings.data / "enrolments"
        folder.mkdir(mode=0o700, exist_ok=True)
        return cls(folder / f"{hashlib.sha256(which.encode()).hexdigest()[:32]}.rows")

    def read(self) -> int:
        """Rows that are done."""
        try:
            return int(self._file.read_text("ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def write(self, rows: int) -> None:
        draft = self._file.with_suffix(".draft")
        draft.write_text(str(rows), "ascii")
        draft.replace(self._file)


def _stamp(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_size, status.st_mtime_ns
