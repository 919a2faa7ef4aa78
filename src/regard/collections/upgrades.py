"""Collections whose vectors are made anew by another face model, beside those that they are searched by.

Until the switch a collection has both: its faces' vectors by the present model, which every search goes by,
and those by the next one, as far as they are made. The switch is one transaction: it puts the new ones in
place of the old, makes the users' vectors of them, and changes the FaceModelVersion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Select, delete, func, insert, literal, select, update

from regard.collections.celebrity_rows import GALLERY
from regard.collections.changes import Space, log_removals
from regard.collections.face_models import FaceModel, FaceModels
from regard.collections.followed import FollowedIndexes
from regard.collections.gallery import FACE_COLUMNS, erased_faces, stored_face
from regard.collections.next_vectors import put_next_vectors
from regard.collections.records import Collection, StoredFace
from regard.collections.store import find_collection, lock_collection
from regard.collections.user_rows import ACTIVE, CREATED
from regard.errors import RegardError, ResourceNotFoundException
from regard.storage.database import Database
from regard.storage.schema import collections, engine_positions, faces, next_vectors, user_vectors, users

_PAGE = 1000  # faces that are read, or erased, at a time
_STREAMED = {"yield_per": _PAGE}
_NEXT = select(next_vectors.c.vector).where(next_vectors.c.face == faces.c.row).scalar_subquery()


class FacesMissing(RegardError):
    """Some faces have no vector by the next model, so that the collection can't be switched to it."""


@dataclass(frozen=True, slots=True)
class UpgradeProgress:
    """How many faces a collection has, and how many of them have a vector by the next model."""

    faces: int
    made: int


class Upgrades:
    """Upgrades of the collections of one database, Regard's own among them. What is made survives a crash."""

    def __init__(self, database: Database, indexes: FollowedIndexes, models: FaceModels) -> None:
        self._database = database
        self._indexes = indexes
        self._models = models

    def celebrities(self) -> Collection:
        """The collection that holds the celebrities' faces. Raises RegardError where there is nobody."""
        try:
            with self._database.read() as connection:
                return find_collection(connection, GALLERY)
        except ResourceNotFoundException:
            raise RegardError("There is no celebrity yet.") from None

    def begin(self, collection: Collection, model: FaceModel) -> Collection:
        """The collection with `model` as its next one. What was made by another next model is dropped.

        Raises RegardError where it has that model already, and what `lock_collection` raises.
        """
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            if current.face_model_version == model.version:
                raise RegardError(f"{collection.collection_id} has face model {model.version} already.")
            if current.next_model != model.version:
                _set_next(connection, current, model.version)
            return find_collection(connection, collection.collection_id)

    def cancel(self, collection: Collection) -> None:
        """Leaves the collection with the model that it has, and drops what was made by the next one."""
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            _set_next(connection, current, None)
        if collection.next_model is not None:
            self._indexes.drop_model(collection.row, collection.next_model)
        self._database.forget()

    def progress(self, collection: Collection) -> UpgradeProgress:
        """How far it is."""
        made = select(func.count()).where(next_vectors.c.collection == collection.row)
        with self._database.read() as connection:
            current = find_collection(connection, collection.collection_id)
            return UpgradeProgress(current.face_count, connection.execute(made).scalar_one())

    def missing(self, collection: Collection) -> Iterator[StoredFace]:
        """The faces without a vector by the next model, in the order they were enrolled, page by page."""
        after = 0
        while True:
            query = _missing(collection.row).where(faces.c.row > after).order_by(faces.c.row).limit(_PAGE)
            with self._database.read() as connection:
                found = [stored_face(row) for row in connection.execute(query).mappings()]
            yield from found
            if len(found) < _PAGE:
                return
            after = found[-1].row

    def missing_of_image(self, collection: Collection, digest: str) -> list[StoredFace]:
        """Those that were enrolled from a picture with this SHA-256."""
        query = _missing(collection.row).where(faces.c.image_digest == digest)
        with self._database.read() as connection:
            return [stored_face(row) for row in connection.execute(query).mappings()]

    def missing_named(
        self, collection: Collection, names: Sequence[str]
    ) -> list[tuple[StoredFace, NDArray[np.float32]]]:
        """Those of these ExternalImageIds, each with its vector (dimension,) by the present model."""
        query = _missing(collection.row).add_columns(faces.c.vector)
        with self._database.read() as connection:
            rows = connection.execute(query.where(faces.c.external_image_id.in_(names))).mappings()
            return [
                (stored_face(row), np.frombuffer(row["vector"], "<f2").astype(np.float32)) for row in rows
            ]

    def put(self, collection: Collection, vectors: Mapping[int, NDArray[np.float32]]) -> int:
        """Keeps vectors (dimension,) by the next model, by the rows of their faces; answers how many of these
        had none. Faces that are gone are passed over. Raises what `lock_collection` raises.
        """
        with self._turn(collection), self._database.write() as connection:
            current = lock_collection(connection, collection)
            there = select(faces.c.row).where(
                faces.c.collection == current.row, faces.c.row.in_(list(vectors))
            )
            rows = connection.execute(there).scalars().all()
            made = select(func.count()).where(next_vectors.c.face.in_(rows))
            before: int = connection.execute(made).scalar_one()
            put_next_vectors(connection, current.row, {row: vectors[row] for row in rows})
        return len(rows) - before

    def switch(self, collection: Collection, *, drop_missing: bool = False) -> list[StoredFace]:
        """Gives the collection its next model, all at once; answers the faces that were erased, without a
        vector by it: with `drop_missing` alone there may be some.

        The new index is made before, and answers from then on. Raises FacesMissing, and what
        `lock_collection` raises.
        """
        if collection.next_model is None:
            raise RegardError(f"{collection.collection_id} is not being upgraded.")
        model = self._models.of(collection.next_model)
        with self._turn(collection):
            self._refuse_missing(collection, drop_missing=drop_missing)
            self._indexes.prepare(collection)
            dropped = self._switched(collection, model, drop_missing=drop_missing)
        self._indexes.drop_model(collection.row, collection.face_model_version)
        self._database.forget()
        return dropped

    def _turn(self, collection: Collection) -> AbstractContextManager[None]:
        """An index is fed by growing rows: between its making and the switch nobody adds the vector of a face
        whose row it has passed. Faces that are enrolled meanwhile have rows behind it.
        """
        return self._database.hold(f"{collection.row}-upgrade")

    def _switched(self, collection: Collection, model: FaceModel, *, drop_missing: bool) -> list[StoredFace]:
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            dropped = _missing_faces(connection, current, may=drop_missing)
            self._database.erasure_journal.note(erased_faces(face.face_id for face in dropped))
            _erase_missing(connection, current, dropped)
            connection.execute(update(faces).where(faces.c.collection == current.row).values(vector=_NEXT))
            connection.execute(
                update(collections)
                .where(collections.c.row == current.row)
                .values(
                    face_model_version=model.version,
                    next_model=None,
                    version=collections.c.version + 1,
                    face_count=collections.c.face_count - len(dropped),
                )
            )
            connection.execute(delete(next_vectors).where(next_vectors.c.collection == current.row))
            _renew_users(connection, current.row, model)
            connection.execute(delete(engine_positions).where(engine_positions.c.collection == current.row))
        return dropped

    def _refuse_missing(self, collection: Collection, *, drop_missing: bool) -> None:
        count = sum(1 for _ in self.missing(collection))
        if count and not drop_missing:
            raise _missing_error(count)


def _missing(collection: int) -> Select[tuple[object, ...]]:
    made = select(literal(1)).where(next_vectors.c.face == faces.c.row).exists()
    return select(*FACE_COLUMNS).where(faces.c.collection == collection, ~made)


def _missing_error(count: int) -> FacesMissing:
    return FacesMissing(
        f"{count:,} faces have no vector by the next face model yet; give the photos that they were enrolled "
        "from, or leave them out."
    )


def _set_next(connection: Connection, collection: Collection, version: str | None) -> None:
    connection.execute(delete(next_vectors).where(next_vectors.c.collection == collection.row))
    connection.execute(
        update(collections).where(collections.c.row == collection.row).values(next_model=version)
    )


def _missing_faces(connection: Connection, collection: Collection, *, may: bool) -> list[StoredFace]:
    """Raises FacesMissing where there are some and they may not be erased."""
    missing = [stored_face(row) for row in connection.execute(_missing(collection.row)).mappings()]
    if missing and not may:
        raise _missing_error(len(missing))
    return missing


def _erase_missing(connection: Connection, collection: Collection, missing: Sequence[StoredFace]) -> None:
    for first in range(0, len(missing), _PAGE):
        rows = [face.row for face in missing[first : first + _PAGE]]
        connection.execute(delete(faces).where(faces.c.row.in_(rows)))
        log_removals(connection, collection.row, Space.FACES, rows)


def _renew_users(connection: Connection, collection: int, model: FaceModel) -> None:
    """Makes the vector of every user anew from its faces; one that has none any more has no vector."""
    connection.execute(delete(user_vectors).where(user_vectors.c.collection == collection))
    connection.execute(update(users).where(users.c.collection == collection).values(status=CREATED))
    owned = (
        select(users.c.row.label("user"), faces.c.vector)
        .join(users, (users.c.collection == faces.c.collection) & (users.c.user_id == faces.c.user_id))
        .where(faces.c.collection == collection)
        .order_by(users.c.row, faces.c.row)
    )
    made: list[dict[str, object]] = []
    for user, held in groupby(
        connection.execute(owned, execution_options=_STREAMED), key=lambda row: row.user
    ):
        vectors = [np.frombuffer(row.vector, "<f2").astype(np.float32) for row in held]
        vector = model.user_vectors.of(np.stack(vectors)).astype("<f2").tobytes()
        made.append({"collection": collection, "user": user, "vector": vector, "faces": len(vectors)})
    for first in range(0, len(made), _PAGE):
        some = made[first : first + _PAGE]
        connection.execute(insert(user_vectors), some)
        active = [one["user"] for one in some]
        connection.execute(update(users).where(users.c.row.in_(active)).values(status=ACTIVE))
