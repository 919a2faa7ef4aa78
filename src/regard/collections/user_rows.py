"""The rows of users, of their faces and of their vectors, within a transaction on a locked collection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from regard.collections.changes import Space, log_removals
from regard.collections.records import Collection, User
from regard.errors import ResourceNotFoundException
from regard.storage.erasure_journal import Erasable, Erased
from regard.storage.schema import collections, faces, user_vectors, users

# Rekognition's UserStatus: without and with faces. Nothing here is ever half done.
CREATED, ACTIVE = "CREATED", "ACTIVE"


@dataclass(frozen=True, slots=True)
class CandidateFace:
    """An enrolled face with its vector, float16 bytes, and the user that has it."""

    row: int
    face_id: str
    user_id: str | None
    vector: bytes


def is_user(connection: Connection, collection: int, user_id: str) -> bool:
    return _user(connection, collection, user_id) is not None


def find_user(connection: Connection, collection: int, user_id: str) -> User:
    """Raises ResourceNotFoundException."""
    user = _user(connection, collection, user_id)
    if user is None:
        raise ResourceNotFoundException(f"The user id: {user_id} does not exist")
    return user


def erased_user(connection: Connection, collection: Collection, user: User) -> Erased:
    """A user as the journal of erasures has it."""
    created = connection.execute(select(users.c.created).where(users.c.row == user.row)).scalar_one()
    return Erased(kind=Erasable.USER, name=user.user_id, collection=collection.collection_id, created=created)


def faces_named(connection: Connection, collection: int, face_ids: Sequence[str]) -> list[CandidateFace]:
    """Those of the faces that are in the collection, in the order they were enrolled."""
    return _faces(connection, faces.c.collection == collection, faces.c.face_id.in_(face_ids))


def held_faces(connection: Connection, collection: int, user_id: str) -> list[CandidateFace]:
    """The faces of a user, in the order they were enrolled."""
    return _faces(connection, faces.c.collection == collection, faces.c.user_id == user_id)


def set_user(connection: Connection, chosen: Sequence[CandidateFace], user_id: str | None) -> None:
    """Gives faces to a user, or to nobody."""
    rows = [face.row for face in chosen]
    connection.execute(update(faces).where(faces.c.row.in_(rows)).values(user_id=user_id))


def count_users(connection: Connection, collection: int, more: int) -> None:
    connection.execute(
        update(collections)
        .where(collections.c.row == collection)
        .values(user_count=collections.c.user_count + more)
    )


def renew_vector(
    connection: Connection, collection: int, user: User, vector: NDArray[np.float32] | None, count: int
) -> None:
    """Replaces the user's vector by one made of `count` faces, or by none."""
    erase_vector(connection, collection, user)
    if vector is not None:
        row = {
            "collection": collection,
            "user": user.row,
            "vector": vector.astype("<f2").tobytes(),
            "faces": count,
        }
        connection.execute(insert(user_vectors).values(row))
        _raise_version(connection, collection)
    status = CREATED if vector is None else ACTIVE
    connection.execute(update(users).where(users.c.row == user.row).values(status=status))


def erase_vector(connection: Connection, collection: int, user: User) -> None:
    """Erases the user's vector, if it has one, and tells every index."""
    old = connection.execute(select(user_vectors.c.row).where(user_vectors.c.user == user.row)).scalar()
    if old is not None:
        connection.execute(delete(user_vectors).where(user_vectors.c.row == old))
        log_removals(connection, collection, Space.USERS, [old])
        _raise_version(connection, collection)


def _user(connection: Connection, collection: int, user_id: str) -> User | None:
    query = select(users.c.row, users.c.user_id, users.c.status)
    found = connection.execute(query.where(users.c.collection == collection, users.c.user_id == user_id))
    row = found.first()
    return None if row is None else User(row.row, row.user_id, row.status)


def _faces(connection: Connection, *conditions: ColumnElement[bool]) -> list[CandidateFace]:
    query = select(faces.c.row, faces.c.face_id, faces.c.user_id, faces.c.vector).where(*conditions)
    rows = connection.execute(query.order_by(faces.c.row))
    return [CandidateFace(row.row, row.face_id, row.user_id, row.vector) for row in rows]


def _raise_version(connection: Connection, collection: int) -> None:
    connection.execute(
        update(collections).where(collections.c.row == collection).values(version=collections.c.version + 1)
    )
