"""Embeddings that were made before, enrolled by the million: thousands of rows to a transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, Dialect, bindparam, insert, select, update

from regard.collections.gallery import Permit
from regard.collections.identifiers import new_identifiers
from regard.collections.records import Collection
from regard.collections.store import lock_collection
from regard.errors import RegardError, ServiceQuotaExceededException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import collections, faces

SHORTEST, LONGEST = 0.5, 2.0  # lengths of an embedding; a face's is 1 to 1.5 (vision/faces/embedding.py)

_NAME_BEGINNING = 31  # with a stroke and 32 digits the column is full
_LOOKED_UP = 1000  # keys of one query
_CACHE_KIB = 512 * 1024
_CHECKPOINT_PAGES = 32_768  # of the write-ahead log: pages of the indexes are written once for many batches
_EXTERNAL_IMAGE_ID = re.compile(r"[a-zA-Z0-9_.\-:]{0,255}")
_IDENTIFIER = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_COLUMNS = [column for column in faces.c if column.name not in ("row", "enroller")]


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Embeddings (n, dimension), float16 or float32, and what is known of each, in the same order.

    `boxes` (n, 4) are left, top, width and height as fractions of the image, `confidences` (n,) percent.
    What is not given is: no external id, new ids, the whole image, 100 %. `image_digests` are those of the
    pictures' encoded bytes, by which IndexFaces knows a face again; they take `face_ids`.
    """

    vectors: NDArray[np.floating]
    external_image_ids: Sequence[str] | None = None
    face_ids: Sequence[str] | None = None
    image_ids: Sequence[str] | None = None
    confidences: NDArray[np.float64] | None = None
    boxes: NDArray[np.float64] | None = None
    image_digests: Sequence[str] | None = None

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many faces were added, and how many were there already."""

    added: int
    known: int


def check(batch: Embeddings, first: int) -> None:
    """Raises RegardError, naming the row, counted from `first`, of what can't be enrolled."""
    lengths = np.linalg.norm(batch.vectors.astype(np.float32), axis=1)
    # Written so that NaN is refused too.
    wrong = np.flatnonzero(~((lengths >= SHORTEST) & (lengths <= LONGEST)))
    if len(wrong):
        row = int(wrong[0])
        if not np.isfinite(batch.vectors[row]).all():
            raise RegardError(f"Row {first + row:,} holds a value that is no finite number.")
        raise RegardError(
            f"Row {first + row:,} has the length {lengths[row]:.3g}, and an embedding of a face has "
            f"{SHORTEST:g} to {LONGEST:g}: give the vectors as the model made them."
        )
    for name, texts, pattern in (
        ("external_image_id", batch.external_image_ids, _EXTERNAL_IMAGE_ID),
        ("face_id", batch.face_ids, _IDENTIFIER),
        ("image_id", batch.image_ids, _IDENTIFIER),
    ):
        for row, text in enumerate(texts or ()):
            if not pattern.fullmatch(text):
                raise RegardError(
                    f"Row {first + row:,} has the {name} {text!r}, which Rekognition does not allow."
                )
    _check_places(batch, first)


def _check_places(batch: Embeddings, first: int) -> None:
    for name, values, low, high in (
        ("confidence", batch.confidences, 0.0, 100.0),
        ("box", batch.boxes, -1.0, 2.0),  # a face that the frame cuts reaches beyond it
    ):
        if values is not None:
            wrong = np.flatnonzero(~((values >= low) & (values <= high)).reshape(len(values), -1).all(1))
            if len(wrong):
                raise RegardError(
                    f"Row {first + int(wrong[0]):,} has a {name} that is not within {low:g} to {high:g}."
                )


class BulkLoader:
    """Enrols batches of embeddings. A batch is on disk, and its faces are found, when `load` returns.

    A face is known by its face id, or, where none is given, by its external id and a digest of its vector
    as it is kept. So a batch, or a part of it, may be loaded again and nothing is doubled.
    """

    def __init__(self, database: Database, *, max_faces: int) -> None:
        self._database = database
        self._max_faces = max_faces
        compiled = (
            insert(faces).values({c.name: bindparam(c.name) for c in _COLUMNS}).compile(database.engine)
        )
        # SQLAlchemy's own way of many rows takes longer for a row than SQLite does.
        self._insert = str(compiled)
        self._order: list[str] | None = getattr(compiled, "positiontup", None)
        self._by_id = _Lookup(database.engine.dialect, [faces.c.face_id])
        self._by_vector = _Lookup(database.engine.dialect, [faces.c.image_digest, faces.c.external_image_id])

    def load(self, collection: Collection, batch: Embeddings, permit: Permit | None = None) -> Loaded:
        """One transaction; all of the batch or nothing. `check` has passed it.

        `permit` is asked in the transaction. Raises ResourceNotFoundException when the collection went away,
        ServiceQuotaExceededException, and what `permit` raises.
        """
        columns = _columns(batch)
        with self._database.write() as connection:
            self._prepare(connection)
            current = lock_collection(connection, collection)
            if permit is not None:
                permit(connection, current.row)
            fresh = self._fresh(connection, current.row, batch, columns)
            if current.face_count + len(fresh) > self._max_faces:
                raise ServiceQuotaExceededException(
                    f"The collection {collection.collection_id} can't hold more than {self._max_faces} faces."
                )
            if fresh:
                columns["collection"] = [current.row] * len(batch)
                self._write(connection, columns, fresh)
                counted = {"face_count": collections.c.face_count + len(fresh)}
                connection.execute(
                    update(collections)
                    .where(collections.c.row == current.row)
                    .values(version=collections.c.version + 1, **counted)
                )
        return Loaded(len(fresh), len(batch) - len(fresh))

    def known(self, collection: Collection, batch: Embeddings) -> int:
        """How many of the batch's faces the collection holds already."""
        with self._database.read() as connection:
            return len(batch) - len(self._fresh(connection, collection.row, batch, _columns(batch)))

    def _prepare(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
            connection.exec_driver_sql(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")

    def _fresh(
        self, connection: Connection, collection: int, batch: Embeddings, columns: dict[str, Sequence[Any]]
    ) -> list[int]:
        """Places in the batch of the faces that the collection does not hold, each face once."""
        if batch.face_ids is not None:
            keys: Sequence[Any] = batch.face_ids
            known = self._by_id.found(connection, collection, batch.face_ids)
        else:
            keys = list(zip(columns["image_digest"], columns["external_image_id"], strict=True))
            known = self._by_vector.found(connection, collection, columns["image_digest"])
        fresh = []
        for place, key in enumerate(keys):
            if key not in known:
                known.add(key)
                fresh.append(place)
        return fresh

    def _write(self, connection: Connection, columns: dict[str, Sequence[Any]], fresh: list[int]) -> None:
        size = len(columns["vector"])
        if len(fresh) < size:
            columns = {name: [values[n] for n in fresh] for name, values in columns.items()}
        if self._order is not None:
            rows: list[Any] = list(zip(*(columns[name] for name in self._order), strict=True))
        else:
            names = list(columns)
            rows = [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        connection.exec_driver_sql(self._insert, rows)


def _columns(batch: Embeddings) -> dict[str, Sequence[Any]]:
    """The values of the batch's rows, by column, all but the collection."""
    size = len(batch)
    kept = np.ascontiguousarray(batch.vectors, "<f2")
    raw, width = kept.tobytes(), kept.shape[1] * kept.itemsize
    vectors = [raw[start : start + width] for start in range(0, size * width, width)]
    names = batch.external_image_ids or [""] * size
    boxes = [[0.0] * size, [0.0] * size, [1.0] * size, [1.0] * size]
    if batch.boxes is not None:
        boxes = batch.boxes.T.tolist()
    return {
        "face_id": batch.face_ids or new_identifiers(size),
        "image_id": batch.image_ids or new_identifiers(size),
        "image_digest": _digests(vectors, names)
        if batch.face_ids is None
        else batch.image_digests or [""] * size,
        "external_image_id": names,
        "user_id": [None] * size,
        "left": boxes[0],
        "top": boxes[1],
        "width": boxes[2],
        "height": boxes[3],
        "confidence": [100.0] * size if batch.confidences is None else batch.confidences.tolist(),
        "vector": vectors,
        "created": [milliseconds()] * size,
    }


def _digests(vectors: Sequence[bytes], names: Sequence[str]) -> list[str]:
    """A name's beginning stands before the digest: files are mostly in the order of the names, and where the
    index is added to in order, loading is twice as fast."""
    return [
        f"{name[:_NAME_BEGINNING]}/{hashlib.blake2b(vector, digest_size=16).hexdigest()}"
        for vector, name in zip(vectors, names, strict=True)
    ]


class _Lookup:
    """Which of many keys a collection holds. Compiled once, for the reason that the insertion is."""

    def __init__(self, dialect: Dialect, wanted: Sequence[Column[Any]]) -> None:
        self._wide = len(wanted) > 1
        self._names = [f"key{number}" for number in range(_LOOKED_UP)]
        keys = [bindparam(name, type_=wanted[0].type) for name in self._names]
        query = select(*wanted).where(faces.c.collection == bindparam("collection"), wanted[0].in_(keys))
        compiled = query.compile(dialect=dialect)
        self._statement, self._positional = str(compiled), compiled.positional

    def found(self, connection: Connection, collection: int, keys: Sequence[str]) -> set[Any]:
        """Those of `keys`, values of the first column, that the collection holds, with the other columns."""
        found: set[Any] = set()
        for start in range(0, len(keys), _LOOKED_UP):
            chunk = list(keys[start : start + _LOOKED_UP])
            chunk += chunk[-1:] * (_LOOKED_UP - len(chunk))
            values: Any = (collection, *chunk)
            if not self._positional:
                values = {"collection": collection, **dict(zip(self._names, chunk, strict=True))}
            rows = connection.exec_driver_sql(self._statement, values)
            found.update(tuple(row) if self._wide else row[0] for row in rows)
        return found
