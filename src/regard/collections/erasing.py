"""Erasing faces whole: from their collection, its users and every index, with a record that proves it.

DeleteFaces leaves alone what a user holds. Here the faces go whoever holds them, since a person or a rule
asks for it: a user's vector is made anew of the faces that are left, and a user whose last face goes, goes
too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from sqlalchemy import ColumnElement, Connection, delete, select

from regard.collections.changes import Space
from regard.collections.face_models import FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import erase_rows, erased_faces
from regard.collections.records import Collection
from regard.collections.store import collection_not_found, find_collection
from regard.collections.user_rows import (
    count_users,
    erase_vector,
    erased_user,
    find_user,
    held_faces,
    renew_vector,
)
from regard.collections.users import vector_of_faces
from regard.errors import ResourceNotFoundException
from regard.governance.privacy.erasures import Erasure, Erasures, Reason
from regard.storage.backend import Turn
from regard.storage.database import Database
from regard.storage.schema import faces, users

_ROWS: Final = 10_000  # of a statement


def named(face_ids: Sequence[str]) -> ColumnElement[bool]:
    """Which faces: those of these ids, a few thousand at most."""
    return faces.c.face_id.in_(face_ids)


def of_subject(subject: str) -> ColumnElement[bool]:
    """Which faces: those of a person, by ExternalImageId."""
    return faces.c.external_image_id == subject


def of_user(user_id: str) -> ColumnElement[bool]:
    """Which faces: those that a user holds."""
    return faces.c.user_id == user_id


def enrolled_before(time: int) -> ColumnElement[bool]:
    """Which faces: those that were enrolled by then, in milliseconds since the epoch."""
    return faces.c.created <= time


class FaceEraser:
    """Erases faces of the collections of one database. What a method has answered survives a crash."""

    def __init__(
        self, database: Database, indexes: FollowedIndexes, models: FaceModels, erasures: Erasures
    ) -> None:
        self._database = database
        self._indexes = indexes
        self._models = models
        self._erasures = erasures

    def erase(
        self,
        collection: Collection,
        which: ColumnElement[bool],
        reason: Reason,
        *,
        limit: int | None = None,
        may_be_none: bool = True,
        also: Callable[[Connection], None] | None = None,
    ) -> Erasure:
        """Erases those faces, `limit` of them at most, the oldest first; None for all.

        `also` is done in the same transaction. Raises ResourceNotFoundException when the collection went
        away, and where there are no such faces, unless there `may_be_none`.
        """
        with self._database.write(turn=Turn.AUDIT) as connection:
            current = find_collection(connection, collection.collection_id, lock=True)
            if current.row != collection.row:
                raise collection_not_found(collection.collection_id)
            query = (
                select(faces.c.row, faces.c.face_id, faces.c.user_id)
                .where(faces.c.collection == current.row, which)
                .order_by(faces.c.row)
                .limit(limit)
            )
            chosen = connection.execute(query).all()
            if not chosen and not may_be_none:
                raise ResourceNotFoundException(f"There are no such faces in {current.collection_id}.")
            self._database.erasure_journal.note(erased_faces(face.face_id for face in chosen))
            for start in range(0, len(chosen), _ROWS):
                part = chosen[start : start + _ROWS]
                erase_rows(connection, current.row, [face.row for face in part])
            holders = sorted({face.user_id for face in chosen if face.user_id is not None})
            gone = [user_id for user_id in holders if self._without(connection, current, user_id)]
            if also is not None:
                also(connection)
            erasure = self._erasures.note_within(
                connection,
                collection.collection_id,
                reason,
                [face.face_id for face in chosen],
                len(gone),
            )
        if chosen:
            self._indexes.forget_erased(collection, Space.FACES)
            if holders:
                self._indexes.forget_erased(collection, Space.USERS)
            self._database.forget()
        return erasure

    def _without(self, connection: Connection, current: Collection, user_id: str) -> bool:
        """Makes a user's vector anew without the faces that are gone; whether the user is gone with them."""
        user = find_user(connection, current.row, user_id)
        left = held_faces(connection, current.row, user_id)
        if left:
            model = self._models.of(current.face_model_version)
            renew_vector(connection, current.row, user, vector_of_faces(left, model), len(left))
            return False
        self._database.erasure_journal.note([erased_user(connection, current, user)])
        erase_vector(connection, current.row, user)
        connection.execute(delete(users).where(users.c.row == user.row))
        count_users(connection, current.row, -1)
        return True
