"""Indexes that follow the database, so that every process finds every enrolled face."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, insert, select

from regard.collections.index import Index
from regard.collections.memory import MemoryIndex
from regard.storage.database import Database
from regard.storage.schema import collections, faces, removals, user_vectors

_CHUNK = 10_000


class Space(StrEnum):
    """Whose vectors an index holds: those of a collection's faces, or of its users."""

    FACES = "faces"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index has followed: the newest vector's row, the newest removal's number, the version."""

    vector: int = 0
    removal: int = 0
    version: int = -1


class _Followed:
    """One index and the last change that it holds."""

    def __init__(self, index: Index) -> None:
        self.index = index
        self.position = Position()
        self.lock = threading.Lock()


class FollowedIndexes:
    """The indexes of this process, each loaded from the database when it is first used."""

    def __init__(self, database: Database, dimension: int) -> None:
        self._database = database
        self._dimension = dimension
        self._lock = threading.Lock()
        self._followed: dict[tuple[int, Space], _Followed] = {}

    def follow(self, collection: int, space: Space) -> Index:
        """The index of a collection (its row), holding every change committed before this call."""
        key = (collection, space)
        with self._lock:
            if key not in self._followed:
                self._drop_deleted()
                self._followed[key] = _Followed(MemoryIndex(self._dimension))
            followed = self._followed[key]
        with followed.lock, self._database.read() as connection:
            followed.position = _catch_up(connection, collection, space, followed.index, followed.position)
        return followed.index

    def drop(self, collection: int) -> None:
        """Forgets the indexes of a collection that was deleted."""
        with self._lock:
            for space in Space:
                self._followed.pop((collection, space), None)

    def _drop_deleted(self) -> None:
        """Forgets the indexes of collections that other processes deleted. The lock is held."""
        if self._followed:
            with self._database.read() as connection:
                living = set(connection.execute(select(collections.c.row)).scalars())
            self._followed = {key: one for key, one in self._followed.items() if key[0] in living}


def log_removals(connection: Connection, collection: int, space: Space, vectors: Sequence[int]) -> None:
    """Tells every index that these vectors' rows are erased; `version` must be raised with it."""
    connection.execute(
        insert(removals),
        [{"collection": collection, "space": space.value, "vector": vector} for vector in vectors],
    )


_VERSION = select(collections.c.version).where(collections.c.row == bindparam("collection"))
_NEW_VECTORS = {
    space: select(table.c.row, table.c.vector)
    .where(table.c.collection == bindparam("collection"), table.c.row > bindparam("after"))
    .order_by(table.c.row)
    for space, table in ((Space.FACES, faces), (Space.USERS, user_vectors))
}
_NEW_REMOVALS = (
    select(removals.c.sequence, removals.c.vector)
    .where(
        removals.c.collection == bindparam("collection"),
        removals.c.space == bindparam("space"),
        removals.c.sequence > bindparam("after"),
    )
    .order_by(removals.c.sequence)
)


def _catch_up(
    connection: Connection, collection: int, space: Space, index: Index, position: Position
) -> Position:
    """Brings the index to the state of the connection's snapshot, and answers where that is."""
    version = connection.execute(_VERSION, {"collection": collection}).scalar()
    if version is None or version == position.version:
        return position
    newest, removal = position.vector, position.removal
    added = connection.execute(_NEW_VECTORS[space], {"collection": collection, "after": newest})
    for chunk in added.partitions(_CHUNK):
        index.add(np.array([row for row, _ in chunk], np.int64), _vectors([vector for _, vector in chunk]))
        newest = chunk[-1].row
    gone = connection.execute(
        _NEW_REMOVALS, {"collection": collection, "space": space.value, "after": removal}
    )
    for chunk in gone.partitions(_CHUNK):
        index.remove(np.array([vector for _, vector in chunk], np.int64))
        removal = chunk[-1].sequence
    return Position(newest, removal, version)


def _vectors(blobs: list[bytes]) -> NDArray[np.float32]:
    return np.frombuffer(b"".join(blobs), "<f2").astype(np.float32).reshape(len(blobs), -1)
