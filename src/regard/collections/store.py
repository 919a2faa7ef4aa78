"""Collections and their faces: written to the database first, found through an index that follows it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, RowMapping, bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.collections.followed import FollowedIndexes
from regard.errors import (
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ThrottlingException,
)
from regard.storage.database import Database
from regard.storage.schema import changes, collections, faces
from regard.storage.tags import put_tags, remove_tags, tags_of

_SAME_FACE_IOU = 0.9


@dataclass(frozen=True, slots=True)
class Collection:
    """One collection. `created` is in milliseconds since the epoch; `row` is its database row."""

    row: int
    collection_id: str
    face_model_version: str
    created: int
    face_count: int


@dataclass(frozen=True, slots=True)
class FaceBox:
    """A bounding box as fractions of the image's width and height."""

    left: float
    top: float
    width: float
    height: float

    def iou(self, other: FaceBox) -> float:
        """Intersection over union, 0 to 1."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        down = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        common = max(across, 0.0) * max(down, 0.0)
        union = self.width * self.height + other.width * other.height - common
        return common / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class NewFace:
    """A face to enrol: `confidence` in percent, `vector` float32 (dimension,)."""

    box: FaceBox
    confidence: float
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class StoredFace:
    """An enrolled face, without its vector."""

    row: int
    face_id: str
    image_id: str
    external_image_id: str
    user_id: str | None
    box: FaceBox
    confidence: float


@dataclass(frozen=True, slots=True)
class Match:
    """A face that a search found and its L2 distance from the probe."""

    face: StoredFace
    distance: float


_FIND = select(collections).where(collections.c.collection_id == bindparam("collection_id"))
_FACE_COLUMNS = [column for column in faces.c if column.name != "vector"]


class CollectionStore:
    """Every collection of one database. What a method has answered survives a crash."""

    def __init__(self, database: Database, *, dimension: int, most_faces: int) -> None:
        self._database = database
        self._most_faces = most_faces
        self._indexes = FollowedIndexes(database, dimension)

    # --- collections -----------------------------------------------------------------------------------

    def create(
        self, collection_id: str, face_model_version: str, tags: Mapping[str, str] | None = None
    ) -> Collection:
        """Raises ResourceAlreadyExistsException."""
        row = {
            "collection_id": collection_id,
            "face_model_version": face_model_version,
            "created": _now(),
            "face_count": 0,
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(collections).values(row))
                put_tags(connection, resource(collection_id), tags or {})
                return _find(connection, collection_id)
        except IntegrityError as error:
            raise ResourceAlreadyExistsException(
                f"The collection id: {collection_id} already exists"
            ) from error

    def get(self, collection_id: str) -> Collection:
        """Raises ResourceNotFoundException."""
        with self._database.read() as connection:
            return _find(connection, collection_id)

    def page(self, *, after: int, limit: int) -> list[Collection]:
        """Collections in the order they were made, those behind row `after`."""
        query = select(collections).where(collections.c.row > after).order_by(collections.c.row).limit(limit)
        with self._database.read() as connection:
            return [Collection(**row) for row in connection.execute(query).mappings()]

    def delete(self, collection_id: str) -> None:
        """Erases the collection and its faces. Raises ResourceNotFoundException."""
        with self._database.write() as connection:
            found = _find(connection, collection_id)
            connection.execute(delete(collections).where(collections.c.row == found.row))
            connection.execute(delete(changes).where(changes.c.collection == found.row))
            remove_tags(connection, resource(collection_id))
        self._indexes.drop(found.row)
        self._database.forget()

    def tags(self, collection_id: str) -> dict[str, str]:
        """The collection's tags. Raises ResourceNotFoundException."""
        with self._database.read() as connection:
            _find(connection, collection_id)
            return tags_of(connection, resource(collection_id))

    def tag(
        self, collection_id: str, tags: Mapping[str, str], *, seen: tuple[str, str, str] | None = None
    ) -> None:
        """Adds tags. `seen` is a tag's key, its value when the change was allowed, and its default.

        Raises ResourceNotFoundException, ServiceQuotaExceededException above 200 tags, ThrottlingException,
        which clients try again, when that tag has changed since.
        """
        with self._database.write() as connection:
            _find(connection, collection_id)
            _refuse_if_changed(connection, collection_id, seen)
            put_tags(connection, resource(collection_id), tags)

    def untag(
        self, collection_id: str, keys: Sequence[str], *, seen: tuple[str, str, str] | None = None
    ) -> None:
        """Removes tags; `seen` and what is raised are as in `tag`."""
        with self._database.write() as connection:
            _find(connection, collection_id)
            _refuse_if_changed(connection, collection_id, seen)
            remove_tags(connection, resource(collection_id), keys)

    # --- faces -------------------------------------------------------------------------------------------

    def add_faces(
        self, collection: Collection, new: Sequence[NewFace], *, image_digest: str, external_image_id: str
    ) -> list[StoredFace]:
        """Enrols faces of one image and answers them in the order given, searchable from then on.

        A face that the same image and external id brought before is answered as it was, not doubled.
        Raises ResourceNotFoundException when the collection went away, ServiceQuotaExceededException.
        """
        with self._database.write() as connection:
            current = _find(connection, collection.collection_id)
            if current.row != collection.row:  # deleted and made anew since the request was admitted
                raise _not_found(collection.collection_id)
            known = _faces_of_image(connection, current.row, image_digest, external_image_id)
            image_id = known[0].image_id if known else str(uuid.uuid4())
            answer = [_same_face(face, known) for face in new]
            fresh = [n for n, face in enumerate(answer) if face is None]
            if current.face_count + len(fresh) > self._most_faces:
                raise ServiceQuotaExceededException(
                    f"The collection {collection.collection_id} can't hold more than "
                    f"{self._most_faces} faces."
                )
            rows = [_face_row(new[n], current.row, image_id, image_digest, external_image_id) for n in fresh]
            for n, stored in zip(fresh, _insert_faces(connection, current.row, rows), strict=True):
                answer[n] = stored
        return [face for face in answer if face is not None]

    def page_of_faces(
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
            select(*_FACE_COLUMNS)
            .where(faces.c.collection == collection.row, faces.c.row > after)
            .order_by(faces.c.row)
            .limit(limit)
        )
        if user_id is not None:
            query = query.where(faces.c.user_id == user_id)
        if face_ids is not None:
            query = query.where(faces.c.face_id.in_(face_ids))
        with self._database.read() as connection:
            return [_stored(row) for row in connection.execute(query).mappings()]

    def delete_faces(
        self, collection: Collection, face_ids: Sequence[str]
    ) -> tuple[list[StoredFace], list[StoredFace]]:
        """Erases faces; answers those erased and those kept because a user holds them."""
        with self._database.write() as connection:
            query = select(*_FACE_COLUMNS).where(
                faces.c.collection == collection.row, faces.c.face_id.in_(face_ids)
            )
            found = [_stored(row) for row in connection.execute(query).mappings()]
            held = [face for face in found if face.user_id is not None]
            erased = [face for face in found if face.user_id is None]
            if erased:
                rows = [face.row for face in erased]
                connection.execute(delete(faces).where(faces.c.row.in_(rows)))
                connection.execute(insert(changes), [_change(collection.row, row, "remove") for row in rows])
                _count(connection, collection.row, -len(rows))
        self._indexes.follow(collection.row)
        if erased:
            self._database.forget()
        return erased, held

    def vector(self, collection: Collection, face_id: str) -> NDArray[np.float32] | None:
        """The embedding of an enrolled face, float32 (dimension,), or None where there is no such face."""
        query = select(faces.c.vector).where(faces.c.collection == collection.row, faces.c.face_id == face_id)
        with self._database.read() as connection:
            blob = connection.execute(query).scalar()
        return None if blob is None else np.frombuffer(blob, "<f2").astype(np.float32)

    def search(
        self, collection: Collection, probe: NDArray[np.float32], *, limit: int, radius: float
    ) -> list[Match]:
        """The nearest enrolled faces at most `radius` (L2) away, the nearest first."""
        near = self._indexes.follow(collection.row).search(probe, limit=limit, radius=radius)
        wanted = near.rows.tolist()
        query = select(*_FACE_COLUMNS).where(faces.c.collection == collection.row, faces.c.row.in_(wanted))
        with self._database.read() as connection:
            found = {row["row"]: _stored(row) for row in connection.execute(query).mappings()}
        return [
            Match(found[row], distance)
            for row, distance in zip(wanted, near.distances.tolist(), strict=True)
            if row in found  # else it was erased in this moment
        ]


def resource(collection_id: str) -> str:
    """How tags name a collection."""
    return f"collection/{collection_id}"


def _now() -> int:
    return time.time_ns() // 1_000_000


def _not_found(collection_id: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(f"The collection id: {collection_id} does not exist")


def _find(connection: Connection, collection_id: str) -> Collection:
    row = connection.execute(_FIND, {"collection_id": collection_id}).mappings().first()
    if row is None:
        raise _not_found(collection_id)
    return Collection(**row)


def _refuse_if_changed(connection: Connection, collection_id: str, seen: tuple[str, str, str] | None) -> None:
    if seen is not None:
        key, value, default = seen
        if tags_of(connection, resource(collection_id)).get(key, default) != value:
            raise ThrottlingException("The collection's tags have just been changed. Try your call again.")


def _faces_of_image(connection: Connection, collection: int, digest: str, external: str) -> list[StoredFace]:
    query = select(*_FACE_COLUMNS).where(
        faces.c.collection == collection,
        faces.c.image_digest == digest,
        faces.c.external_image_id == external,
    )
    return [_stored(row) for row in connection.execute(query).mappings()]


def _same_face(face: NewFace, known: Sequence[StoredFace]) -> StoredFace | None:
    return next((old for old in known if old.box.iou(face.box) >= _SAME_FACE_IOU), None)


def _face_row(face: NewFace, collection: int, image_id: str, digest: str, external: str) -> dict[str, object]:
    return {
        "collection": collection,
        "face_id": str(uuid.uuid4()),
        "image_id": image_id,
        "image_digest": digest,
        "external_image_id": external,
        "left": face.box.left,
        "top": face.box.top,
        "width": face.box.width,
        "height": face.box.height,
        "confidence": face.confidence,
        "vector": face.vector.astype("<f2").tobytes(),
        "created": _now(),
    }


def _insert_faces(
    connection: Connection, collection: int, rows: Sequence[dict[str, object]]
) -> list[StoredFace]:
    if not rows:
        return []
    statement = insert(faces).returning(*_FACE_COLUMNS, sort_by_parameter_order=True)
    stored = [_stored(row) for row in connection.execute(statement, rows).mappings()]
    connection.execute(insert(changes), [_change(collection, face.row, "add") for face in stored])
    _count(connection, collection, len(stored))
    return stored


def _change(collection: int, face: int, kind: str) -> dict[str, object]:
    return {"collection": collection, "face": face, "kind": kind}


def _count(connection: Connection, collection: int, more: int) -> None:
    connection.execute(
        update(collections)
        .where(collections.c.row == collection)
        .values(face_count=collections.c.face_count + more)
    )


def _stored(row: RowMapping) -> StoredFace:
    return StoredFace(
        row=row["row"],
        face_id=row["face_id"],
        image_id=row["image_id"],
        external_image_id=row["external_image_id"],
        user_id=row["user_id"],
        box=FaceBox(row["left"], row["top"], row["width"], row["height"]),
        confidence=row["confidence"],
    )
