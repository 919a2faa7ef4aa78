"""Segments on disk: what a restart finds of an index, so that it need not be built anew.

A folder holds a file for each segment, randomly named and written once, and `manifest.json`, which says what
they are and how far they go. A file counts once the manifest names it; those that none names are removed when
the folder is opened and whenever the manifest changes. One process at a time keeps a folder, and holds its
lock: it writes erasures into the mapped files at once. Others map the files privately.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import structlog
from filelock import FileLock, Timeout

from regard.collections.segment import DamagedSegment, Segment
from regard.collections.workers import Workers
from regard.storage.durable_files import sync_folder

_log = structlog.get_logger()
MANIFEST = "manifest.json"
_SUFFIX = ".segment"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which vectors a snapshot is of. Another one's is no use."""

    incarnation: str
    collection: int
    space: str
    model: str
    dimension: int
    format: int = 2
    part: str | None = None  # of one of several parts, its name

    def described(self) -> dict[str, Any]:
        """As the manifest says it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """Segments with every living vector up to row `newest`, which have followed removals to `removal`."""

    segments: Sequence[Segment]
    newest: int
    removal: int


class SnapshotFolder:
    """The folder of one index. `removal` is the last removal that its segments have followed."""

    def __init__(self, folder: Path, identity: Identity) -> None:
        self._folder = folder
        self._identity = identity
        self._lock = FileLock(folder / "lock", timeout=0, thread_local=False)
        self._owning = threading.Lock()
        self._ours: set[Path] = set()
        self._complained = False
        self.removal = 0

    @property
    def owned(self) -> bool:
        """Whether this process keeps the folder."""
        return self._lock.is_locked

    @property
    def exists(self) -> bool:
        """Whether something is kept here, by whomever."""
        return (self._folder / MANIFEST).exists()

    def own(self) -> bool:
        """Whether this process keeps the folder, from now on if nobody else does."""
        with self._owning:
            if self._lock.is_locked:
                return True
            try:
                self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._lock.acquire()
            except Timeout:
                return False
            except OSError as error:
                self._complain(error)
                return False
            return True

    def load(self, workers: Workers) -> Snapshot | None:
        """What is kept, read and verified to the last byte; None where there is nothing, or it is damaged."""
        if not self.exists:
            return None
        self.own()
        try:
            found = self._read_manifest()
            segments = [self._open(self._folder / name) for name in found["segments"]]
            workers.each(Segment.verify, segments)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not worth a search
            reason = str(error) if isinstance(error, DamagedSegment) else type(error).__name__
            _log.warning("index is damaged; it is built anew", reason=reason)
            return None
        self.removal = found["removal"]
        if self.owned:
            self._ours = {segment.file for segment in segments if segment.file}
            self._remove_others()
        return Snapshot(segments, found["newest"], found["removal"])

    def save(self, segment: Segment) -> Segment:
        """See SegmentStore."""
        if segment.file in self._ours or not self.own():
            return segment
        name = self._folder / f"{uuid.uuid4().hex}{_SUFFIX}"
        try:
            # Written, not mapped: a full disk is then an error, and not the end of the process.
            with name.open("xb") as out:
                os.chmod(out.fileno(), 0o600)
                out.write(segment.buffer.data)
                _to_disk(out)
            saved = self._open(name)
        except OSError as error:
            self._complain(error)
            _remove(name)
            return segment
        self._ours.add(name)
        return saved

    def publish(self, segments: Sequence[Segment], newest: int) -> None:
        """See SegmentStore."""
        files = [segment.file for segment in segments]
        if not self.owned or not all(file in self._ours for file in files):
            return
        said = {
            "identity": self._identity.described(),
            "newest": newest,
            "removal": self.removal,
            "segments": [file.name for file in files if file],
        }
        try:
            for segment in segments:
                if isinstance(segment.buffer, np.memmap):
                    segment.buffer.flush()
            written = self._folder / f"{MANIFEST}.new"
            with written.open("w", encoding="ascii") as out:
                json.dump(said | {"crc": _crc(said)}, out, indent=1)
                _to_disk(out)
            written.replace(self._folder / MANIFEST)
            sync_folder(self._folder)
        except OSError as error:
            self._complain(error)
            return
        self._ours = {file for file in files if file}
        self._remove_others()

    def clear(self) -> None:
        """Removes what is kept. Only the lock's holder does."""
        if self.owned:
            self._ours = set()
            _remove(self._folder / MANIFEST)
            self._remove_others()

    def close(self) -> None:
        """Lets another process keep the folder."""
        self._lock.release(force=True)

    def _read_manifest(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self._folder / MANIFEST).read_bytes())
        crc = found.pop("crc")
        if crc != _crc(found):
            raise DamagedSegment("the manifest was changed")
        if found["identity"] != self._identity.described():
            raise DamagedSegment("it belongs to another state of the database")
        return found

    def _open(self, file: Path) -> Segment:
        """Erasures go into the file of the process that keeps it, and into the memory of any other."""
        mode = "r+" if self.owned else "c"
        return Segment(np.memmap(file, np.uint8, mode), file)  # type: ignore[call-overload]

    def _remove_others(self) -> None:
        """Files that no index uses: what a crash left, what was merged. They hold faces, too."""
        for file in self._folder.glob(f"*{_SUFFIX}"):
            if file not in self._ours:
                _remove(file)

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            _log.warning("index can't be kept; a restart will build it anew", reason=error.strerror)
        self._complained = True


def _crc(said: dict[str, Any]) -> int:
    return zlib.crc32(json.dumps(said, sort_keys=True).encode())


def _remove(file: Path) -> None:
    try:
        file.unlink(missing_ok=True)
    except OSError as error:
        _log.warning("a file of an index can't be removed", reason=error.strerror)


def _to_disk(file: IO[Any]) -> None:
    file.flush()
    os.fsync(file.fileno())


def damage_of(folder: Path, incarnation: str | None, *, quick: bool = False) -> str | None:
    """What is wrong with what a folder keeps, so that it would be built anew; None where nothing is.

    `quick` leaves the segments' own checksums out, for which all of each is read.
    """
    try:
        found: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
        if found.pop("crc") != _crc(found):
            return "the manifest was changed"
        if incarnation is not None and found["identity"]["incarnation"] != incarnation:
            return "it belongs to another state of the database"
        for name in found["segments"]:
            segment = Segment(np.memmap(folder / Path(name).name, np.uint8, "r"))
            if not quick:
                segment.verify()
    except DamagedSegment as error:
        return str(error)
    except (OSError, ValueError, KeyError, TypeError):
        return "a file of it is missing, or none of ours"
    return None
