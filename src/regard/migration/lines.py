"""Journals: files of one JSON document a line that only grow, which a kill may cut off anywhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from regard.storage.durable_files import sync_folder


def append_entries(file: Path, entries: Iterable[Mapping[str, Any]]) -> None:
    """Adds entries of JSON's types, on disk when it returns. Raises OSError.

    A last line that was cut off stays one of its own: the next would else be lost with it.
    """
    content = "".join(json.dumps(entry, separators=(",", ":")) + "\n" for entry in entries).encode("ascii")
    with file.open("ab+") as out:
        size = out.seek(0, os.SEEK_END)
        if size:
            out.seek(size - 1)
            if out.read(1) != b"\n":
                content = b"\n" + content
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    if not size:
        sync_folder(file.parent)


def read_entries(file: Path) -> Iterator[dict[str, Any]]:
    """All that were written; a line that was cut off is passed over."""
    if not file.exists():
        return
    with file.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if isinstance(entry, dict):
                yield entry
