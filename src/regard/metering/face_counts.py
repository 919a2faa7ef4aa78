"""How many of the faces that are stored somebody has enrolled."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from regard.storage.schema import enrollers, faces


def count_stored(connection: Connection, holder: str) -> int:
    """How many faces are stored that a holder, a key's or a person's id, has enrolled."""
    theirs = select(enrollers.c.row).where((enrollers.c.key_id == holder) | (enrollers.c.person_id == holder))
    query = select(func.count()).select_from(faces).where(faces.c.enroller.in_(theirs))
    return int(connection.execute(query).scalar_one())
