"""What happened to the vectors of a collection, read from the database in order.

Rows of vectors only grow, and a collection's writers take turns, so that the vectors behind the last row
seen are the new ones. Those that were erased are in a log of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, func, insert, select

from regard.collections.records import Collection
from regard.storage.schema import collections, engine_positions, faces, facts, removals, user_vectors

PAGE = 16_384  # vectors that are read at a time
KEPT_REMOVALS = 1_000_000  # of the whole database; an index that is farther behind is built anew
_PRUNED_AFTER = 1000  # removals
_PRUNED = 10_000  # removals at a time, so that no erasure takes long


class Space(StrEnum):
    """Whose vectors an index holds: those of a collection's faces, or of its users."""

    FACES = "faces"
    USERS = "users"


@dataclass(frozen=True, slots=True)
class IndexKey:
    """Which vectors an index holds: of a collection, by its row, whose, and made by which face model."""

    collection: int
    space: Space
    model: str

    @classmethod
    def of(cls, collection: Collection, space: Space) -> IndexKey:
        """Of the collection's present model."""
        return cls(collection.row, space, collection.face_model_version)

    @property
    def name(self) -> str:
        """As files and locks are called."""
        return f"{self.collection}-{self.space.value}-{self.model}"


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index has followed: to which vector's row, and which removal's number."""

    vector: int = 0
    removal: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What came after a position: rows int64 (n,), vectors float16 (n, dimension), removed rows int64 (m,).

    `more` is whether there is more to read. `version` is the collection's, None where it is gone; `living`
    is how many vectors it has.
    """

    position: Position
    rows: NDArray[np.int64]
    vectors: NDArray[np.float16]
    removed: NDArray[np.int64]
    more: bool
    version: int | None
    living: int


# Built once: every search waits for the first of them.
_VERSION = select(collections.c.version).where(collections.c.row == bindparam("collection"))
_TABLES = {Space.FACES: faces, Space.USERS: user_vectors}
_NEW_VECTORS = {
    space: select(table.c.row, table.c.vector)
    .where(table.c.collection == bindparam("collection"), table.c.row > bindparam("after"))
    .order_by(table.c.row)
    .limit(PAGE)
    for space, table in _TABLES.items()
}
_VECTORS = {
    space: select(table.c.row, table.c.vector).where(table.c.row.in_(bindparam("rows", expanding=True)))
    for space, table in _TABLES.items()
}
_ONE_VECTOR = {
    space: select(table.c.vector).where(table.c.collection == bindparam("collection")).limit(1)
    for space, table in _TABLES.items()
}
_LIVING = {
    Space.FACES: select(collections.c.face_count).where(collections.c.row == bindparam("collection")),
    Space.USERS: select(func.count())
    .select_from(user_vectors)
    .where(user_vectors.c.collection == bindparam("collection")),
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
_LAST_REMOVAL = select(func.max(removals.c.sequence)).where(
    removals.c.collection == bindparam("collection"), removals.c.space == bindparam("space")
)

_FIRST_REMOVAL = select(func.min(removals.c.sequence))
_UNFOLLOWED = (  # the last removal that every engine has followed which is behind
    select(func.min(engine_positions.c.removal))
    .join(collections, collections.c.row == engine_positions.c.collection)
    .where(engine_positions.c.version != collections.c.version)
)

_INCARNATION = select(facts.c.value).where(facts.c.name == "incarnation")
_NAME = select(collections.c.collection_id).where(collections.c.row == bindparam("collection"))


def log_removals(connection: Connection, collection: int, space: Space, vectors: Sequence[int]) -> None:
    """Tells every index that these vectors' rows are erased; `version` must be raised with it."""
    rows = [{"collection": collection, "space": space.value, "vector": vector} for vector in vectors]
    logged = connection.execute(insert(removals).returning(removals.c.sequence), rows).scalars().all()
    first, last = min(logged), max(logged)
    if last // _PRUNED_AFTER > (first - 1) // _PRUNED_AFTER:
        _prune(connection, last)


def _prune(connection: Connection, newest: int) -> None:
    """Forgets old removals, but none that an engine has yet to follow: its vectors are not counted again."""
    oldest = connection.execute(_FIRST_REMOVAL).scalar_one()
    unfollowed = connection.execute(_UNFOLLOWED).scalar()
    last = min(newest - KEPT_REMOVALS, oldest + _PRUNED)
    if unfollowed is not None:
        last = min(last, unfollowed)
    connection.execute(delete(removals).where(removals.c.sequence <= last))


def version_of(connection: Connection, collection: int) -> int | None:
    """A number that grows with every change of a collection's vectors; None where it is gone."""
    version: int | None = connection.execute(_VERSION, {"collection": collection}).scalar()
    return version


def beginning(connection: Connection, key: IndexKey) -> Position:
    """Where an empty index begins: what was removed before is not among the vectors."""
    asked = {"collection": key.collection, "space": key.space.value}
    return Position(removal=connection.execute(_LAST_REMOVAL, asked).scalar() or 0)


def changes_since(connection: Connection, key: IndexKey, position: Position, dimension: int) -> Changes:
    """What happened after `position`, `PAGE` new vectors at most."""
    version = version_of(connection, key.collection)
    asked = {"collection": key.collection, "space": key.space.value}
    added = connection.execute(_NEW_VECTORS[key.space], asked | {"after": position.vector}).all()
    gone = connection.execute(_NEW_REMOVALS, asked | {"after": position.removal}).all()
    return Changes(
        position=Position(
            added[-1].row if added else position.vector, gone[-1].sequence if gone else position.removal
        ),
        rows=np.array([row for row, _ in added], np.int64),
        vectors=np.frombuffer(b"".join(vector for _, vector in added), "<f2").reshape(-1, dimension),
        removed=np.array([vector for _, vector in gone], np.int64),
        more=len(added) == PAGE,
        version=version,
        living=connection.execute(_LIVING[key.space], asked).scalar() or 0,
    )


def vectors_of(connection: Connection, space: Space, rows: Sequence[int]) -> dict[int, NDArray[np.float16]]:
    """The vectors of those rows that there are, a few hundred at most."""
    found = connection.execute(_VECTORS[space], {"rows": list(rows)})
    return {row: np.frombuffer(vector, "<f2") for row, vector in found}


def stored_dimension(connection: Connection, key: IndexKey) -> int | None:
    """How many numbers the vectors have that there are; None where there is none."""
    vector: bytes | None = connection.execute(_ONE_VECTOR[key.space], {"collection": key.collection}).scalar()
    return None if vector is None else len(vector) // np.dtype(np.float16).itemsize


def identity_of(connection: Connection, collection: int) -> tuple[str, str]:
    """Which life of the database this is, another one after a restore, and the id of the collection."""
    incarnation: str = connection.execute(_INCARNATION).scalar_one()
    name: str | None = connection.execute(_NAME, {"collection": collection}).scalar()
    return incarnation, name or ""
