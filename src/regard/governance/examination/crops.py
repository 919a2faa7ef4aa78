"""The pictures of enrolled faces that reviewers are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select, text

from regard.governance.examination.sheets import crop_name
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import face_crops, faces

# Whoever enrols the same picture at the same moment keeps the same one. Both databases know the statement.
_PUT = text("INSERT INTO face_crops (face, picture) VALUES (:face, :picture) ON CONFLICT (face) DO NOTHING")


class FaceCrops:
    """The pictures of one database, encrypted; each goes when its face does."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def put(self, pictures: Mapping[int, bytes]) -> None:
        """Keeps pictures, JPEG, by the rows of their faces; one that a face has already stays."""
        if not pictures:
            return
        with self._database.write() as connection:
            # Locked, so that none is erased before its picture is kept; in the order in which erasures take
            # them, so that nobody waits in a circle.
            locked = (
                select(faces.c.row)
                .where(faces.c.row.in_(pictures))
                .order_by(faces.c.row)
                .with_for_update(read=True)
            )
            there = set(connection.execute(locked).scalars())
            known = select(face_crops.c.face).where(face_crops.c.face.in_(pictures))
            missing = there - set(connection.execute(known).scalars())
            rows = [
                {"face": row, "picture": self._cipher.encrypt(pictures[row], crop_name(row))}
                for row in sorted(missing)
            ]
            if rows:
                connection.execute(_PUT, rows)

    def get(self, face: int) -> bytes | None:
        """The picture of a face, JPEG, None where there is none."""
        query = select(face_crops.c.picture).where(face_crops.c.face == face)
        with self._database.read() as connection:
            kept = connection.execute(query).scalar()
        return None if kept is None else self._cipher.decrypt(kept, crop_name(face))

    def having(self, rows: Sequence[int]) -> set[int]:
        """Which of these faces have a picture."""
        query = select(face_crops.c.face).where(face_crops.c.face.in_(rows))
        with self._database.read() as connection:
            return set(connection.execute(query).scalars())
