"""A folder into a collection: several pictures at a time, resumable."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any

from regard.cli.local import LocalGate, read_picture
from regard.errors import RegardError

_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png"}
_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_.\-:]")
_LONGEST_ID = 255


class Naming(StrEnum):
    """Where a face's ExternalImageId comes from."""

    AUTO = "auto"
    FOLDER = "folder"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: the faces enrolled and refused, or the error in one sentence."""

    file: Path
    enrolled: int = 0
    refused: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """The sum of outcomes since `started` (monotonic seconds)."""

    pictures: int = 0
    enrolled: int = 0
    refused: int = 0
    failed: int = 0
    started: float = field(default_factory=time.monotonic)

    def with_(self, outcome: Outcome) -> Tally:
        return replace(
            self,
            pictures=self.pictures + 1,
            enrolled=self.enrolled + outcome.enrolled,
            refused=self.refused + outcome.refused,
            failed=self.failed + (outcome.error is not None),
        )

    @property
    def rate(self) -> float:
        """Pictures a second."""
        return self.pictures / max(time.monotonic() - self.started, 1e-9)

    def facts(self) -> dict[str, int]:
        return {
            "pictures": self.pictures,
            "enrolled": self.enrolled,
            "refused": self.refused,
            "failed": self.failed,
        }

    def summary(self, collection: str) -> str:
        return (
            f"{self.enrolled} faces of {self.pictures} pictures are in {collection}; "
            f"{self.refused} faces were not good enough, {self.failed} pictures failed."
        )


class Journal:
    """The files of one folder that are in one collection already, in a file that only grows."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._done: set[str] = set()
        if file.exists():
            for line in file.read_text(errors="replace").splitlines():
                self._done.add(line)

    @classmethod
    def open(
        cls, data: Path, collection: str, created: int, folder: Path, options: Mapping[str, object]
    ) -> Journal:
        """`created` tells a collection from one of the same name that was deleted."""
        which = json.dumps([collection, created, str(folder.resolve()), options], sort_keys=True)
        file = data / "enrolments" / f"{hashlib.sha256(which.encode()).hexdigest()[:32]}.log"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        return cls(file)

    def done(self, file: Path) -> bool:
        return _entry(file) in self._done

    def write(self, file: Path) -> None:
        # Written after the faces are: what a crash loses here is enrolled again, and recognised as the same.
        with self._file.open("a") as out:
            out.write(_entry(file) + "\n")


def pictures_below(folder: Path) -> list[Path]:
    """Every JPEG and PNG, at any depth, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())


def external_image_id(file: Path, folder: Path, naming: Naming) -> str:
    """The file's folder or its own name, in the characters that Rekognition allows."""
    own = naming is Naming.FILE or (naming is Naming.AUTO and file.parent == folder)
    name = file.stem if own else file.resolve().parent.name
    return _NOT_ALLOWED.sub("_", name)[:_LONGEST_ID]


def enrol(
    gate: LocalGate,
    folder: Path,
    files: Sequence[Path],
    naming: Naming,
    options: Mapping[str, Any],
    workers: int,
) -> Iterator[Outcome]:
    """Enrols files in parallel and yields each one's outcome as it comes; few pictures are held at a time."""

    def one(file: Path) -> Outcome:
        try:
            answer = gate.call(
                "index_faces",
                Image={"Bytes": read_picture(file)},
                ExternalImageId=external_image_id(file, folder, naming),
                **options,
            )
        except RegardError as error:
            return Outcome(file, error=str(error))
        return Outcome(file, len(answer["FaceRecords"]), len(answer["UnindexedFaces"]))

    waiting = iter(files)
    with ThreadPoolExecutor(workers) as executor:
        running: set[Future[Outcome]] = {executor.submit(one, file) for file in islice(waiting, 2 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
                running.update(executor.submit(one, file) for file in islice(waiting, 1))


def _entry(file: Path) -> str:
    """A file as it is now: one that was replaced by another picture is enrolled again."""
    status = file.stat()
    return json.dumps([str(file), status.st_size, status.st_mtime_ns])
