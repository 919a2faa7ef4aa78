"""One index, and how it keeps level with the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from regard.collections.changes import (
    PAGE,
    Changes,
    IndexKey,
    Position,
    beginning,
    changes_since,
    identity_of,
    living_in,
    vectors_of,
    version_of,
)
from regard.collections.fastscan import FastScanIndex, Sizes
from regard.collections.part import WHOLE, RowPart
from regard.collections.snapshot import Identity, Snapshot, SnapshotFolder
from regard.collections.workers import Workers
from regard.errors import ThrottlingException
from regard.storage.database import Database

_log = structlog.get_logger()
_GONE = -1  # the version of a collection that is not there
_COMPARED = 3  # vectors of every segment that are compared with the database when it is opened

# Told a collection's id, how many vectors of its index are done, and how many there are; at the end they are
# equal. What is loaded at one glance is not told of.
Report = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Making:
    """What an index is made with."""

    database: Database
    dimension: int
    workers: Workers
    sizes: Sizes
    folder: Path | None
    report: Report
    part: RowPart = WHOLE


class Following:
    """The index of a collection's faces or users. `lock` is held by who calls its methods."""

    def __init__(self, making: Making, key: IndexKey) -> None:
        self._making = making
        self._key = key
        self._snapshot: SnapshotFolder | None = None
        self._position = Position()
        self._name = ""
        self.lock = threading.Lock()
        self.index: FastScanIndex | None = None  # readable without the lock, once there is one
        self.version = _GONE
        self.progress = (0, 0)
        self.used = 0.0
        self.stopping = False  # set by who is about to close it, so that a long load ends
        self.dropped = False

    def is_level(self) -> bool:
        """Whether the index holds every change that is committed. Needs no lock."""
        if self.index is None:
            return False
        with self._making.database.read() as connection:
            return version_of(connection, self._key) in (None, self.version)

    def catch_up(self) -> FastScanIndex:
        """Brings the index level with the database, opening it first where it is not open."""
        if self.index is not None:
            living = self._follow(self.index)
            # Of one of several parts that isn't known: whoever asks them all compares the sum.
            fits = len(self.index) <= living or not self._making.part.is_whole
            if fits or self.version == _GONE:
                return self.index
            # It was not asked for so long that removals it had yet to follow are forgotten.
            self.index.discard()
            self.index = None
            self._let_go()
        index, kept = self._open()
        started = time.monotonic()
        try:
            living = self._follow(index)
            if kept and (len(index) != self._living(living) or not self._agrees(kept)):
                _log.warning("index does not fit the database; it is built anew", collection=self._name)
                index.discard()
                index, kept = self._anew(), None
                living = self._follow(index)
        except BaseException:
            index.discard()
            self._let_go()
            raise
        if kept or len(index) > PAGE:
            seconds = round(time.monotonic() - started, 1)
            _log.info(
                "index loaded",
                collection=self._name,
                vectors=len(index),
                from_disk=sum(segment.living for segment in kept.segments) if kept else 0,
                seconds=seconds,
            )
        self.index = index
        return index

    def close(self, *, keep: bool = True) -> None:
        """Lets go of all, and keeps what a restart can use; nothing where the collection is gone."""
        self.dropped = True
        if self.index is not None and keep:
            self.index.close()
        elif self.index is not None:
            self.index.discard()
        self._let_go()

    def _let_go(self) -> None:
        if self._snapshot is not None:
            self._snapshot.close()

    def _open(self) -> tuple[FastScanIndex, Snapshot | None]:
        """The index as far as a snapshot holds it, empty where there is none; and the snapshot."""
        making = self._making
        with making.database.read() as connection:
            incarnation, self._name = identity_of(connection, self._key.collection)
        if making.folder is not None:
            key = self._key
            part = None if making.part.is_whole else making.part.name
            identity = Identity(
                incarnation, key.collection, key.space.value, key.model, making.dimension, part=part
            )
            self._snapshot = SnapshotFolder(making.folder, identity)
            kept = self._snapshot.load(making.workers)
            if kept is not None:
                self._position = Position(kept.newest, kept.removal)
                return self._make(kept), kept
        return self._anew(), None

    def _living(self, all_parts: int) -> int:
        """How many vectors there are of the part."""
        if self._making.part.is_whole:
            return all_parts
        with self._making.database.read() as connection:
            return living_in(connection, self._key, self._making.part)

    def _agrees(self, kept: Snapshot) -> bool:
        """Whether some vectors of every segment, its last among them, are what the database has."""
        found: dict[int, NDArray[np.float16]] = {}
        for segment in kept.segments:
            rows, vectors = segment.living_sample(_COMPARED)
            found |= zip(rows.tolist(), vectors, strict=True)
        with self._making.database.read() as connection:
            stored = vectors_of(connection, self._key, list(found))
        return all((vector == found[row]).all() for row, vector in stored.items())

    def _anew(self) -> FastScanIndex:
        with self._making.database.read() as connection:
            self._position = beginning(connection, self._key)
        if self._snapshot is not None:
            self._snapshot.clear()
        return self._make(None)

    def _make(self, kept: Snapshot | None) -> FastScanIndex:
        making = self._making
        return FastScanIndex(
            making.dimension,
            making.workers,
            sizes=making.sizes,
            store=self._snapshot,
            segments=kept.segments if kept else (),
            newest=kept.newest if kept else 0,
        )

    def _tell(self, done: int, total: int) -> None:
        self.progress = (done, total)
        self._making.report(self._name, done, total)

    def _follow(self, index: FastScanIndex) -> int:
        """Applies all that happened since, in batches that make whole segments; answers how many live."""
        batch: list[Changes] = []
        position = self._position
        enough = self._making.sizes.segment
        while True:
            with self._making.database.read() as connection:
                making = self._making
                changes = changes_since(connection, self._key, position, making.dimension, making.part)
            if self.stopping:
                raise ThrottlingException("The collection's index is being closed. Try your call again.")
            batch.append(changes)
            position = changes.position
            read = sum(len(one.rows) for one in batch)
            if not changes.more or read >= enough:
                erased = any(len(one.removed) for one in batch)
                _apply(index, batch)
                batch = []
                # Only now: what an error keeps from the index is read again.
                self._position = position
                if self._snapshot is not None:
                    self._snapshot.removal = position.removal
                    if erased and not self._snapshot.owned and self._snapshot.exists and self._snapshot.own():
                        index.publish()  # whoever kept the files is gone: the erasures must reach them
            if not changes.more:
                if self.progress[1]:
                    self._tell(changes.living, changes.living)
                self.progress = (0, 0)
                self.version = _GONE if changes.version is None else changes.version
                return changes.living
            self._tell(len(index) + sum(len(one.rows) for one in batch), changes.living)


def _apply(index: FastScanIndex, batch: list[Changes]) -> None:
    rows: NDArray[np.int64] = np.concatenate([changes.rows for changes in batch])
    removed: NDArray[np.int64] = np.concatenate([changes.removed for changes in batch])
    if len(rows):
        index.add(rows, np.concatenate([changes.vectors for changes in batch]))
    if len(removed):
        index.remove(removed)
