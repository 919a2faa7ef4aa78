"""A folder into a collection: several pictures at a time, or as a cluster has seen them; resumable."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice, starmap
from pathlib import Path
from typing import Any

from regard.cli.local import LocalGate
from regard.cli.options import read_picture
from regard.collections.identifiers import external_id_of
from regard.errors import RegardError
from regard.presentation.wording import count
from regard.storage.buckets.places import BucketPlace
from regard.tasks.executor import Executor

_SUFFIXES = {".jpg", ".jpeg", ".jpe", ".png"}


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
            f"{count(self.enrolled, 'face')} of {count(self.pictures, 'picture')} "
            f"{'is' if self.enrolled == 1 else 'are'} in {collection}; {count(self.refused, 'face')} "
            f"{'was' if self.refused == 1 else 'were'} not good enough, "
            f"{count(self.failed, 'picture')} failed."
        )


class Journal:
    """The files of one folder that are in one collection already, in a file that only grows.

    It is ASCII: what a file name has beyond, bytes that are no UTF-8 included, is a JSON escape.
    """

    def __init__(self, file: Path, folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._done: set[str] = set()
        if file.exists():
            for line in file.read_text("ascii", errors="replace").splitlines():
                self._done.add(line)

    @classmethod
    def open(
        cls, data: Path, collection: str, created: int, folder: Path, options: Mapping[str, object]
    ) -> Journal:
        """`created` tells a collection from one of the same name that was deleted, `options` one way of
        enrolling from another: a file that was done otherwise is not done."""
        which = json.dumps([collection, created, str(folder.resolve()), options], sort_keys=True)
        file = data / "enrolments" / f"{hashlib.sha256(which.encode()).hexdigest()[:32]}.log"
        file.parent.mkdir(mode=0o700, exist_ok=True)
        return cls(file, folder)

    def done(self, file: Path) -> bool:
        return self._entry(file) in self._done

    def write(self, file: Path) -> None:
        entry = self._entry(file)
        if entry is None or entry in self._done:
            return
        # Written after the faces are: what a crash loses here is enrolled again, and recognised as the same.
        with self._file.open("a", encoding="ascii") as out:
            out.write(entry + "\n")

    def _entry(self, file: Path) -> str | None:
        """A file as it is now, or None where it is gone: one that was replaced is enrolled again."""
        try:
            status = file.stat()
        except OSError:
            return None
        return json.dumps([str(file.relative_to(self._folder)), status.st_size, status.st_mtime_ns])


def pictures_below(folder: Path) -> list[Path]:
    """Every JPEG and PNG, at any depth, in a stable order."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())


def external_image_id(file: Path, folder: Path, naming: Naming) -> str:
    """The name of the file's folder, or its own, as `external_id_of` writes it."""
    own = naming is Naming.FILE or (naming is Naming.AUTO and file.parent == folder)
    # Not resolved: a link is named for the folder that it is in, not for the one it leads to.
    name = file.stem if own else Path(os.path.abspath(file)).parent.name
    return external_id_of(name)


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
        return _enrolled(gate, file, {**options, **_named(file, folder, naming)})

    waiting = iter(files)
    with ThreadPoolExecutor(workers) as executor:
        running: set[Future[Outcome]] = {executor.submit(one, file) for file in islice(waiting, 2 * workers)}
        while running:
            finished, running = wait(running, return_when=FIRST_COMPLETED)
            for future in finished:
                yield future.result()
                running.update(executor.submit(one, file) for file in islice(waiting, 1))


def enrol_seen(
    cluster: Executor,
    gate: LocalGate,
    folder: Path,
    places: Mapping[Path, BucketPlace | None],
    naming: Naming,
    options: Mapping[str, Any],
) -> Iterator[Outcome]:
    """Enrols files one by one, in their order, once the machines of a cluster have seen them.

    `places` says by which bucket and key these read each file; one that is in no bucket, None, is seen here.
    Raises InternalServerError where the cluster fails.
    """

    def request(file: Path, place: BucketPlace | None) -> dict[str, Any]:
        image = {} if place is None else {"S3Object": {"Bucket": place[0], "Name": place[1]}}
        return {**options, **_named(file, folder, naming), "Image": image}

    requests = starmap(request, places.items())
    with closing(gate.pictures_ahead(cluster, requests)) as seen:
        for file, pictures in zip(places, seen, strict=True):
            yield _enrolled(gate.sharing(pictures), file, {**options, **_named(file, folder, naming)})


def _named(file: Path, folder: Path, naming: Naming) -> dict[str, str]:
    return {"ExternalImageId": external_image_id(file, folder, naming)}


def _enrolled(gate: LocalGate, file: Path, request: Mapping[str, Any]) -> Outcome:
    try:
        answer = gate.call("index_faces", Image={"Bytes": read_picture(file)}, **request)
    except RegardError as error:
        return Outcome(file, error=str(error))
    return Outcome(file, len(answer["FaceRecords"]), len(answer["UnindexedFaces"]))
