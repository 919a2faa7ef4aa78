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
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select

from regard.collections.part import WHOLE, RowPart
from regard.collections.records import Collection
from regard.errors import ThrottlingException
from regard.storage.schema import (
    collections,
    engine_positions,
    faces,
    facts,
    next_vectors,
    removals,
    user_vectors,
)

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


@dataclass(frozen=True, slots=True)
class IndexStanding:
    """How many vectors there are at a version of the collection; None where it changed meanwhile."""

    version: int
    living: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Changes:
    """What came after a position: rows int64 (n,), vectors float16 (n, dimension), removed rows int64 (m,).

    `more` is whether there is more to read. `version` is the collection's, None where it is gone, or
    has no such vectors; `living` is how many it has, those of every part.
    """

    position: Position
    rows: NDArray[np.int64]
    vectors: NDArray[np.float16]
    removed: NDArray[np.int64]
    more: bool
    version: int | None
    living: int


# Built once: every search waits for the first of them. Whose vectors, and whether by the collection's next
# model: those of users are made when it is the present one.
_VECTORS_OF = {
    (Space.FACES, False): (faces.c.row, faces.c.vector, faces.c.collection),
    (Space.FACES, True): (next_vectors.c.face, next_vectors.c.vector, next_vectors.c.collection),
    (Space.USERS, False): (user_vectors.c.row, user_vectors.c.vector, user_vectors.c.collection),
}
_COLLECTION = collections.c.row == bindparam("collection")
_STATE = select(
    collections.c.version, (collections.c.face_model_version != bindparam("model")).label("is_next")
).where(
    _COLLECTION,
    or_(
        collections.c.face_model_version == bindparam("model"), collections.c.next_model == bindparam("model")
    ),
)
_NEW_VECTORS = {
    which: select(row.label("row"), vector.label("vector"))
    .where(collection == bindparam("collection"), row > bindparam("after"))
    .order_by(row)
    .limit(PAGE)
    for which, (row, vector, collection) in _VECTORS_OF.items()
}
_IN_PART = {which: row % bindparam("of") == bindparam("number") for which, (row, _, _) in _VECTORS_OF.items()}
_NEW_VECTORS_OF_PART = {which: query.where(_IN_PART[which]) for which, query in _NEW_VECTORS.items()}
_VECTORS = {
    which: select(row, vector).where(row.in_(bindparam("rows", expanding=True)))
    for which, (row, vector, _) in _VECTORS_OF.items()
}
_ONE_VECTOR = {
    which: select(vector).where(collection == bindparam("collection")).limit(1)
    for which, (_, vector, collection) in _VECTORS_OF.items()
}
_LIVING = {
    which: select(func.count()).where(collection == bindparam("collection"))
    for which, (_, _, collection) in _VECTORS_OF.items()
} | {(Space.FACES, False): select(collections.c.face_count).where(_COLLECTION)}
_LIVING_IN_PART = {
    which: select(func.count()).where(collection == bindparam("collection"), _IN_PART[which])
    for which, (_, _, collection) in _VECTORS_OF.items()
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


def version_of(connection: Connection, key: IndexKey) -> int | None:
    """A number that grows with every change of a collection's vectors; None where it is gone, or has another
    model and will have another.
    """
    state = _state(connection, key)
    return None if state is None else state.version


def beginning(connection: Connection, key: IndexKey) -> Position:
    """Where an empty index begins: what was removed before is not among the vectors."""
    asked = {"collection": key.collection, "space": key.space.value}
    return Position(removal=connection.execute(_LAST_REMOVAL, asked).scalar() or 0)


def standing_of(connection: Connection, key: IndexKey) -> IndexStanding | None:
    """The collection's version, and how many such vectors it has then; None as for `version_of`."""
    state = _state(connection, key)
    if state is None:
        return None
    asked = {"collection": key.collection}
    living = connection.execute(_LIVING[state.which], asked).scalar() or 0
    # PostgreSQL shows each statement what was committed before it.
    return IndexStanding(state.version, living if version_of(connection, key) == state.version else None)


def living_in(connection: Connection, key: IndexKey, part: RowPart) -> int:
    """How many vectors a part has. They are counted one by one, for which a large part takes seconds."""
    state = _state(connection, key)
    if state is None:
        return 0
    asked = {"collection": key.collection, "of": part.of, "number": part.number}
    return connection.execute(_LIVING_IN_PART[state.which], asked).scalar() or 0


def changes_since(
    connection: Connection, key: IndexKey, position: Position, dimension: int, part: RowPart = WHOLE
) -> Changes:
    """What happened after `position`, `PAGE` new vectors of the part at most; removals of every part's."""
    state = _state(connection, key)
    if state is None:
        return Changes(
            position=position,
            rows=np.empty(0, np.int64),
            vectors=np.empty((0, dimension), np.float16),
            removed=np.empty(0, np.int64),
            more=False,
            version=None,
            living=0,
        )
    asked = {"collection": key.collection, "space": key.space.value}
    queries = _NEW_VECTORS if part.is_whole else _NEW_VECTORS_OF_PART
    wanted = asked | {"after": position.vector, "of": part.of, "number": part.number}
    added = connection.execute(queries[state.which], wanted).all()
    gone = connection.execute(_NEW_REMOVALS, asked | {"after": position.removal}).all()
    return Changes(
        position=Position(
            added[-1].row if added else position.vector, gone[-1].sequence if gone else position.removal
        ),
        rows=np.array([row for row, _ in added], np.int64),
        vectors=np.frombuffer(b"".join(vector for _, vector in added), "<f2").reshape(-1, dimension),
        removed=np.array([vector for _, vector in gone], np.int64),
        more=len(added) == PAGE,
        version=state.version,
        living=connection.execute(_LIVING[state.which], asked).scalar() or 0,
    )


def vectors_of(connection: Connection, key: IndexKey, rows: Sequence[int]) -> dict[int, NDArray[np.float16]]:
    """The vectors of those rows that there are, a few hundred at most."""
    state = _state(connection, key)
    if state is None:
        return {}
    found = connection.execute(_VECTORS[state.which], {"rows": list(rows)})
    return {row: np.frombuffer(vector, "<f2") for row, vector in found}


def stored_dimension(connection: Connection, key: IndexKey) -> int | None:
    """How many numbers the vectors have that there are; None where there is none."""
    state = _state(connection, key)
    if state is None:
        return None
    vector: bytes | None = connection.execute(
        _ONE_VECTOR[state.which], {"collection": key.collection}
    ).scalar()
    return None if vector is None else len(vector) // np.dtype(np.float16).itemsize


@dataclass(frozen=True, slots=True)
class _State:
    """A collection's version, and which of its vectors a key means."""

    version: int
    which: tuple[Space, bool]


def _state(connection: Connection, key: IndexKey) -> _State | None:
    """None where the collection is gone, or has no such vectors."""
    found = connection.execute(_STATE, {"collection": key.collection, "model": key.model}).first()
    which = (key.space, bool(found.is_next)) if found is not None else None
    return None if found is None or which not in _VECTORS_OF else _State(found.version, which)


def identity_of(connection: Connection, collection: int) -> tuple[str, str]:
    """Which life of the database this is, another one after a restore, and the id of the collection."""
    incarnation: str = connection.execute(_INCARNATION).scalar_one()
    name: str | None = connection.execute(_NAME, {"collection": collection}).scalar()
    return incarnation, name or ""


def model_changed() -> ThrottlingException:
    """For a request that was admitted when the collection had another face model."""
    return ThrottlingException("The collection's face model has just been changed. Try your call again.")
