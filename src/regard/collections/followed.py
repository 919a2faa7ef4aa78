"""Indexes that follow the database's change log, so that every process finds every enrolled face."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from regard.collections.index import Index
from regard.collections.memory import MemoryIndex
from regard.storage.database import Database
from regard.storage.schema import changes, collections, faces

_CHUNK = 10_000


class _Followed:
    """One collection's index and the last change that it holds."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.position = 0
        self.loaded = False
        self.lock = threading.Lock()


class FollowedIndexes:
    """The indexes of this process, each loaded from the database when it is first used."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension
        self._lock = threading.Lock()
        self._followed: dict[int, _Followed] = {}

    def follow(self, collection: int) -> Index:
        """The index of a collection (its row), holding every change committed before this call."""
        with self._lock:
            if collection not in self._followed:
                self._drop_deleted()
                self._followed[collection] = _Followed(MemoryIndex(self._dimension))
            followed = self._followed[collection]
        with followed.lock, self._database.read() as connection:
            if followed.loaded:
                _apply_changes(connection, collection, followed)
            else:
                _load(connection, collection, followed)
        return followed.index

    def drop(self, collection: int) -> None:
        """Forgets the index of a collection that was deleted."""
        with self._lock:
            self._followed.pop(collection, None)

    def _drop_deleted(self) -> None:
        """Forgets the indexes of collections that other processes deleted. The lock is held."""
        if self._followed:
            with self._database.read() as connection:
                living = set(connection.execute(select(collections.c.row)).scalars())
            self._followed = {row: one for row, one in self._followed.items() if row in living}


def _load(connection: Connection, collection: int, followed: _Followed) -> None:
    """Fills an empty index. Position and faces come from the same snapshot of the database."""
    newest = select(func.max(changes.c.sequence)).where(changes.c.collection == collection)
    followed.position = connection.execute(newest).scalar() or 0
    query = select(faces.c.row, faces.c.vector).where(faces.c.collection == collection)
    for chunk in connection.execute(query).partitions(_CHUNK):
        followed.index.add(np.array([row for row, _ in chunk], np.int64), _vectors([v for _, v in chunk]))
    followed.loaded = True


def _apply_changes(connection: Connection, collection: int, followed: _Followed) -> None:
    query = (
        select(changes.c.sequence, changes.c.face, changes.c.kind, faces.c.vector)
        .outerjoin(faces, faces.c.row == changes.c.face)
        .where(changes.c.collection == collection, changes.c.sequence > followed.position)
        .order_by(changes.c.sequence)
    )
    for chunk in connection.execute(query).partitions(_CHUNK):
        # A face without a vector was erased later in the log; a row is never used again.
        added = [(row.face, row.vector) for row in chunk if row.kind == "add" and row.vector is not None]
        removed = [row.face for row in chunk if row.kind == "remove"]
        if added:
            rows = np.array([face for face, _ in added], np.int64)
            followed.index.add(rows, _vectors([vector for _, vector in added]))
        if removed:
            followed.index.remove(np.array(removed, np.int64))
        followed.position = chunk[-1].sequence


def _vectors(blobs: list[bytes]) -> NDArray[np.float32]:
    return np.frombuffer(b"".join(blobs), "<f2").astype(np.float32).reshape(len(blobs), -1)
