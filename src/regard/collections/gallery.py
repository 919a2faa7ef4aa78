"""The faces of collections: written to the database first, found through an index that follows it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from regard.collections.changes import Space, log_removals, model_changed
from regard.collections.followed import FollowedIndexes
from regard.collections.identifiers import new_identifier
from regard.collections.kept_matches import forget_matches
from regard.collections.next_vectors import put_next_vectors
from regard.collections.records import Collection, Match, NewFace, StoredFace
from regard.collections.store import lock_collection
from regard.errors import ServiceQuotaExceededException
from regard.metering.stored_faces import Enroller
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.erasure_journal import Erasable, Erased
from regard.storage.schema import collections, faces
from regard.vision.geometry import Box, corners, iou

_SAME_FACE_IOU = 0.9
Permit = Callable[[Connection, int], object]
"""Raises where faces may not be enrolled in a collection, given by its row and locked by the transaction."""
FACE_COLUMNS = [column for column in faces.c if column.name not in ("vector", "enroller")]


class Gallery:
    """The faces of every collection of one database. What a method has answered survives a crash."""

    def __init__(self, database: Database, indexes: FollowedIndexes, *, max_faces: int) -> None:
        self._database = database
        self._indexes = indexes
        self._max_faces = max_faces

    def add(
        self,
        collection: Collection,
        new: Sequence[NewFace],
        *,
        image_digest: str,
        external_image_id: str,
        permit: Permit | None = None,
        enroller: Enroller | None = None,
    ) -> list[StoredFace]:
        """Enrols faces of one image and answers them in the order given, searchable from then on.

        A face that the same image and external id brought before is answered as it was, not doubled.
        `permit` is asked in the transaction that enrols, and so are the quotas of `enroller`. Raises
        ResourceNotFoundException when the collection went away, ServiceQuotaExceededException, and what
        `permit` raises.
        """
        with self._database.write() as connection:
            current = lock_collection(connection, collection)
            if permit is not None:
                permit(connection, current.row)
            known = _faces_of_image(connection, current.row, image_digest, external_image_id)
            image_id = known[0].image_id if known else str(uuid.uuid4())
            answer = [_same_face(face, known) for face in new]
            fresh = [n for n, face in enumerate(answer) if face is None]
            if current.face_count + len(fresh) > self._max_faces:
                raise ServiceQuotaExceededException(
                    f"The collection {collection.collection_id} can't hold more than {self._max_faces} faces."
                )
            if enroller is not None:
                enroller.check(connection, len(fresh))
            by = None if enroller is None else enroller.row
            rows = [
                _face_row(new[n], current.row, image_id, image_digest, external_image_id) | {"enroller": by}
                for n in fresh
            ]
            enrolled = _insert_faces(connection, current.row, rows)
            for n, stored in zip(fresh, enrolled, strict=True):
                answer[n] = stored
            made = zip(enrolled, (new[n].next_vector for n in fresh), strict=True)
            next_vectors = {face.row: vector for face, vector in made if vector is not None}
            put_next_vectors(connection, current.row, next_vectors)
        return [face for face in answer if face is not None]

    def page(
        self,
        collection: Collection,
        *,
        after: int,
        limit: int,
        user_id: str | None = None,
        face_ids: Sequence[str] | None = None,
    ) -> list[StoredFace]:
        """Faces in the order they were enrolled, those behind row `after`, narrowed to a user or to ids."""
        query = (
            select(*FACE_COLUMNS)
            .where(faces.c.collection == collection.row, faces.c.row > after)
            .order_by(faces.c.row)
            .limit(limit)
        )
        if user_id is not None:
            query = query.where(faces.c.user_id == user_id)
        if face_ids is not None:
            query = query.where(faces.c.face_id.in_(face_ids))
        with self._database.read() as connection:
            return [stored_face(row) for row in connection.execute(query).mappings()]

    def delete(
        self, collection: Collection, face_ids: Sequence[str]
    ) -> tuple[list[StoredFace], list[StoredFace]]:
        """Erases faces; answers those erased and those kept because a user holds them."""
        with self._database.write() as connection:
            lock_collection(connection, collection)
            query = select(*FACE_COLUMNS).where(
                faces.c.collection == collection.row, faces.c.face_id.in_(face_ids)
            )
            found = [stored_face(row) for row in connection.execute(query).mappings()]
            held = [face for face in found if face.user_id is not None]
            erased = [face for face in found if face.user_id is None]
            if erased:
                self._database.erasure_journal.note(erased_faces(face.face_id for face in erased))
                erase_rows(connection, collection.row, [face.row for face in erased])
        self._indexes.forget_erased(collection, Space.FACES)
        if erased:
            self._database.forget()
        return erased, held

    def vector(self, collection: Collection, face_id: str) -> NDArray[np.float32] | None:
        """The embedding of an enrolled face, float32 (dimension,), or None where there is no such face.

        Raises ThrottlingException where the collection has got another face model since it was read.
        """
        query = (
            select(faces.c.vector, collections.c.face_model_version)
            .join(collections, collections.c.row == faces.c.collection)
            .where(faces.c.collection == collection.row, faces.c.face_id == face_id)
        )
        with self._database.read() as connection:
            found = connection.execute(query).first()
        if found is None:
            return None
        if found.face_model_version != collection.face_model_version:
            raise model_changed()
        return np.frombuffer(found.vector, "<f2").astype(np.float32)

    def search(
        self, collection: Collection, probe: NDArray[np.float32], *, limit: int, radius: float
    ) -> list[Match]:
        """The nearest enrolled faces at most `radius` (L2) away, the nearest first."""
        index = self._indexes.follow(collection, Space.FACES)
        with self._indexes.timings.measure():
            near = index.search(probe, limit=limit, radius=radius)
        wanted = near.rows.tolist()
        query = select(*FACE_COLUMNS).where(faces.c.collection == collection.row, faces.c.row.in_(wanted))
        with self._database.read() as connection:
            found = {row["row"]: stored_face(row) for row in connection.execute(query).mappings()}
        return [
            Match(found[row], distance)
            for row, distance in zip(wanted, near.distances.tolist(), strict=True)
            if row in found  # else it was erased in this moment
        ]


def erase_rows(connection: Connection, collection: int, rows: Sequence[int]) -> None:
    """Erases faces of a locked collection by their rows, and tells every index and what jobs have found."""
    named = select(faces.c.face_id).where(faces.c.row.in_(rows))
    forget_matches(connection, collection, connection.execute(named).scalars().all())
    connection.execute(delete(faces).where(faces.c.row.in_(rows)))
    log_removals(connection, collection, Space.FACES, rows)
    _count(connection, collection, -len(rows))


def erased_faces(face_ids: Iterable[str]) -> list[Erased]:
    """Faces as the journal of erasures has them."""
    return [Erased(kind=Erasable.FACE, name=face_id) for face_id in face_ids]


def _faces_of_image(connection: Connection, collection: int, digest: str, external: str) -> list[StoredFace]:
    query = select(*FACE_COLUMNS).where(
        faces.c.collection == collection,
        faces.c.image_digest == digest,
        faces.c.external_image_id == external,
    )
    return [stored_face(row) for row in connection.execute(query).mappings()]


def _same_face(face: NewFace, known: Sequence[StoredFace]) -> StoredFace | None:
    alike = iou(corners([old.box for old in known]), corners([face.box]))[:, 0]
    return next((old for old, share in zip(known, alike, strict=True) if share >= _SAME_FACE_IOU), None)


def _face_row(face: NewFace, collection: int, image_id: str, digest: str, external: str) -> dict[str, object]:
    return {
        "collection": collection,
        "face_id": new_identifier(),
        "image_id": image_id,
        "image_digest": digest,
        "external_image_id": external,
        "left": face.box.left,
        "top": face.box.top,
        "width": face.box.width,
        "height": face.box.height,
        "confidence": face.confidence,
        "vector": face.vector.astype("<f2").tobytes(),
        "created": milliseconds(),
    }


def _insert_faces(
    connection: Connection, collection: int, rows: Sequence[dict[str, object]]
) -> list[StoredFace]:
    if not rows:
        return []
    statement = insert(faces).returning(*FACE_COLUMNS, sort_by_parameter_order=True)
    stored = [stored_face(row) for row in connection.execute(statement, rows).mappings()]
    _count(connection, collection, len(stored))
    return stored


def _count(connection: Connection, collection: int, more: int) -> None:
    connection.execute(
        update(collections)
        .where(collections.c.row == collection)
        .values(face_count=collections.c.face_count + more, version=collections.c.version + 1)
    )


def stored_face(row: RowMapping) -> StoredFace:
    return StoredFace(
        row=row["row"],
        face_id=row["face_id"],
        image_id=row["image_id"],
        external_image_id=row["external_image_id"],
        user_id=row["user_id"],
        box=Box(row["left"], row["top"], row["width"], row["height"]),
        confidence=row["confidence"],
    )
