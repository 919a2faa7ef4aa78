"""Changes that wait to be made elsewhere, on disk and in their order."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from regard.errors import RegardError
from regard.governance.purpose import GENERAL
from regard.migration.lines import append_entries, read_entries
from regard.storage.durable_files import sync_folder

MAX_CHANGES, MAX_BYTES = 10_000, 2 * 1024**3

_SUFFIX, _DRAFT, _ASIDE = ".json", ".draft", ".unreadable"


@dataclass(frozen=True, slots=True)
class MirroredChange:
    """A request that Regard has answered; `body` and `answer` are JSON as it was sent."""

    operation: str
    request_id: str
    body: str
    answer: str
    key_purpose: str = GENERAL
    """What the key of who made the request is for."""


class UnreadableChange(RegardError):
    """A file of the spool has no change in it, and was set aside."""


class MirrorSpool:
    """A folder with a file for each change. Threads may share it; processes may not.

    It holds pictures until they are delivered, readable by its owner alone.
    """

    def __init__(self, folder: Path, *, max_changes: int = MAX_CHANGES, max_bytes: int = MAX_BYTES) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for draft in folder.glob(f"*{_DRAFT}"):
            draft.unlink()  # of a process that was killed, whose request was not answered
        self._folder = folder
        self._limits = max_changes, max_bytes
        self._lock = threading.Lock()
        files = self._files()
        self._sizes = {file.name: file.stat().st_size for file in files}
        self._next = 1 + (int(files[-1].stem) if files else 0)

    def __len__(self) -> int:
        return len(self._sizes)

    def put(self, change: MirroredChange) -> bool:
        """Whether there was room for it. On disk when it returns. Raises OSError."""
        content = json.dumps(asdict(change)).encode("ascii")
        with self._lock:
            if (
                len(self._sizes) >= self._limits[0]
                or sum(self._sizes.values()) + len(content) > self._limits[1]
            ):
                return False
            name = f"{self._next:012d}"
            draft = self._folder / f"{name}{_DRAFT}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
                out.write(content)
                out.flush()
                os.fsync(out.fileno())
            draft.replace(self._folder / f"{name}{_SUFFIX}")
            sync_folder(self._folder)
            self._sizes[f"{name}{_SUFFIX}"] = len(content)
            self._next += 1
        return True

    def oldest(self) -> tuple[str, MirroredChange] | None:
        """The change that waits the longest, and its name; None where there is none.

        Raises UnreadableChange once for a file that has none in it, and OSError.
        """
        with self._lock:
            name = min(self._sizes, default=None)
        if name is None:
            return None
        file = self._folder / name
        try:
            return name, MirroredChange(**json.loads(file.read_bytes()))
        except (FileNotFoundError, TypeError, ValueError) as error:
            if file.exists():
                file.replace(file.with_suffix(_ASIDE))
            with self._lock:
                self._sizes.pop(name, None)
            raise UnreadableChange(f"The change {name} can't be read, and is not made.") from error

    def remove(self, name: str) -> None:
        """Takes out what is done."""
        with self._lock:
            (self._folder / name).unlink(missing_ok=True)
            self._sizes.pop(name, None)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{_SUFFIX}"))


class MirrorJournal:
    """What became of changes, and which face here is which there: lines of a file that only grows."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = file
        self._lock = threading.Lock()
        self._faces: dict[str, str | None] = {}
        self._collections: dict[str, str] = {}
        for entry in self.entries():
            self._take(entry)

    def write(
        self,
        operation: str,
        request_id: str,
        outcome: str,
        faces: Mapping[str, str | None],
        collection: str | None = None,
    ) -> None:
        """Notes that a change is done, or why not, on disk when it returns. Raises OSError.

        `faces` are FaceIds there by those here, None for none, of a collection.
        """
        entry = {
            "operation": operation,
            "request": request_id,
            "outcome": outcome,
            "faces": dict(faces),
            "collection": collection,
        }
        with self._lock:
            append_entries(self._file, [entry])
            self._take(entry)

    def _take(self, entry: Mapping[str, Any]) -> None:
        faces: dict[str, str | None] = entry.get("faces") or {}
        self._faces |= faces
        if entry.get("collection") is not None:
            self._collections |= dict.fromkeys(faces, entry["collection"])

    def pairs(self) -> dict[str, dict[str, str]]:
        """By collection the FaceIds there by those here, of the faces that changes here have made there."""
        found: dict[str, dict[str, str]] = {}
        with self._lock:
            for own, there in self._faces.items():
                if there is not None and own in self._collections:
                    found.setdefault(self._collections[own], {})[own] = there
        return found

    def face_there(self, face_id: str) -> str | None:
        """The FaceId there: the same for a face that came from there; None where it has none."""
        return self._faces.get(face_id, face_id)

    def entries(self) -> Iterator[dict[str, Any]]:
        """All lines; one that a kill cut off is passed over."""
        return read_entries(self._file)
