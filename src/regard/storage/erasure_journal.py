"""What was erased, beside the database: a backup that is older than an erasure must not undo it.

`erasures.jsonl` in the data folder has a line for each face, user, collection and celebrity that was erased,
and each consent that was withdrawn, with ids and times and nothing else. It is on disk before the erasure is.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from regard.errors import RegardError
from regard.storage import backend
from regard.storage.clock import milliseconds
from regard.storage.durable_files import sync_folder

FILE: Final = "erasures.jsonl"


class Erasable(StrEnum):
    """Kinds of what is erased."""

    FACE = "face"
    USER = "user"
    COLLECTION = "collection"
    CELEBRITY = "celebrity"
    CONSENT = "consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Something that was erased. `name` is its id, and `collection` that of its collection, or None.

    `created` is when it was made, in milliseconds since the epoch: another one of the same name, which was
    made later, is not meant. It is 0 for what has an id of its own in all the world.
    """

    kind: Erasable
    name: str
    collection: str | None = None
    created: int = 0


class ErasureJournal:
    """The file of one data folder, for any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def note(self, erased: Sequence[Erased]) -> None:
        """Adds lines, and returns once they are on disk. Raises InternalServerError when they can't be."""
        time = milliseconds()
        lines = [json.dumps({"time": time, **asdict(one)}, ensure_ascii=True) + "\n" for one in erased]
        if not lines:
            return
        try:
            is_new = not self._file.exists()
            descriptor = os.open(self._file, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                cut = b"\n" if _is_cut(descriptor) else b""
                _write(descriptor, cut + "".join(lines).encode())
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if is_new:
                sync_folder(self._file.parent)
        except OSError as error:
            raise (backend.full() if error.errno == errno.ENOSPC else backend.unwritable()) from error


def read_erasures(file: Path) -> Iterator[Erased]:
    """What a file tells of, the oldest first; nothing where there is none.

    A line that was cut by a crash is passed over: its erasure was never answered. Raises RegardError for a
    file that is none.
    """
    try:
        lines = file.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    except OSError as error:
        raise RegardError(f"{file} can't be read: {error.strerror}.") from error
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"}"):
            continue
        try:
            said = json.loads(line)
            yield Erased(
                kind=Erasable(said["kind"]),
                name=str(said["name"]),
                collection=said["collection"],
                created=int(said["created"]),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise RegardError(
                f"{file} is damaged in line {number}; mend it before anything is restored."
            ) from error


def _is_cut(descriptor: int) -> bool:
    """Whether the file ends within a line."""
    size = os.lseek(descriptor, 0, os.SEEK_END)
    return size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"


def _write(descriptor: int, content: bytes) -> None:
    """All of it by one call where the system can, so that lines of two processes don't mix."""
    while content:
        content = content[os.write(descriptor, content) :]
