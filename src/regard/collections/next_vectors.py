"""The rows of vectors by a collection's next face model, within a transaction on a locked collection."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert

from regard.storage.schema import next_vectors

_CHUNK = 500  # rows of one statement


def put_next_vectors(
    connection: Connection, collection: int, vectors: Mapping[int, NDArray[np.float32]]
) -> None:
    """Keeps vectors (dimension,) by the rows of their faces, in place of those that there are."""
    rows = [
        {"face": face, "collection": collection, "vector": vector.astype("<f2").tobytes()}
        for face, vector in vectors.items()
    ]
    for first in range(0, len(rows), _CHUNK):
        some = rows[first : first + _CHUNK]
        connection.execute(delete(next_vectors).where(next_vectors.c.face.in_([one["face"] for one in some])))
        connection.execute(insert(next_vectors), some)
