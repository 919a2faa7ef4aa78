"""Segments on disk: what a restart finds of an index, so that it need not be built anew.

A folder holds a file for each segment, named by chance and written once, and `manifest.json`, which says what
they are and how far they go. A file counts once the manifest names it; one that no manifest names is removed.
Erasures are written into the mapped files at once. One process at a time keeps a folder, and holds its lock;
others map the files privately.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

import numpy as np
import structlog
from filelock import FileLock, Timeout

from regard.collections.segment import DamagedSegment, Segment
from regard.collections.workers import Workers

_log = structlog.get_logger()
_MANIFEST = "manifest.json"
_SUFFIX = ".segment"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which vectors a snapshot is of. Another one's is no use."""

    incarnation: str
    collection: int
    space: str
    dimension: int
    format: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
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
        self._ours: set[Path] = set()
        self._complained = False
        self.removal = 0

    def load(self, workers: Workers) -> Kept | None:
        """What is kept, read and verified to the last byte; None where there is nothing, or it is damaged."""
        manifest = self._folder / _MANIFEST
        if not manifest.exists():
            return None
        self._own()
        try:
            found = json.loads(manifest.read_bytes())
            if found["identity"] != asdict(self._identity):
                raise DamagedSegment("it belongs to another state of the database")
            segments = [self._open(self._folder / name) for name in found["segments"]]
            workers.each(Segment.verify, segments)
            kept = Kept(segments, int(found["newest"]), int(found["removal"]))
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            _log.warning("index is damaged; it is built anew", reason=reason)
            return None
        self.removal = kept.removal
        if self._lock.is_locked:
            self._ours = {segment.file for segment in segments if segment.file}
        return kept

    def save(self, segment: Segment) -> Segment:
        """See SegmentStore."""
        if segment.file in self._ours or not self._own():
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
            name.unlink(missing_ok=True)
            self._complain(error)
            return segment
        self._ours.add(name)
        return saved

    def publish(self, segments: Sequence[Segment], newest: int) -> None:
        """See SegmentStore."""
        files = [segment.file for segment in segments]
        if not self._own() or not all(file in self._ours for file in files):
            return
        manifest = {
            "identity": asdict(self._identity),
            "newest": newest,
            "removal": self.removal,
            "segments": [file.name for file in files if file],
        }
        try:
            for segment in segments:
                if isinstance(segment.buffer, np.memmap):
                    segment.buffer.flush()
            written = self._folder / f"{_MANIFEST}.new"
            with written.open("wb") as out:
                out.write(json.dumps(manifest, indent=1).encode())
                _to_disk(out)
            written.replace(self._folder / _MANIFEST)
            _sync_folder(self._folder)
        except OSError as error:
            self._complain(error)
            return
        for file in self._folder.glob(f"*{_SUFFIX}"):
            if file not in files:
                file.unlink(missing_ok=True)
        self._ours = {file for file in files if file}

    def clear(self) -> None:
        """Removes what is kept. Only the lock's holder does."""
        if self._lock.is_locked:
            (self._folder / _MANIFEST).unlink(missing_ok=True)
            for file in self._folder.glob(f"*{_SUFFIX}"):
                file.unlink(missing_ok=True)
            self._ours = set()

    def close(self) -> None:
        """Lets another process keep the folder."""
        self._lock.release()

    def _own(self) -> bool:
        """Whether this process keeps the folder, from now on if nobody else does."""
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

    def _open(self, file: Path) -> Segment:
        """Erasures go into the file of the process that keeps it, and into the memory of any other."""
        mode = "r+" if self._lock.is_locked else "c"
        return Segment(np.memmap(file, np.uint8, mode), file)  # type: ignore[call-overload]

    def _complain(self, error: OSError) -> None:
        if not self._complained:
            _log.warning("index can't be kept; a restart will build it anew", reason=error.strerror)
        self._complained = True


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
