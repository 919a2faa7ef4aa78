"""The models that were trained, each by the SHA-256 of its bytes, in the database: so every server on it has
them, and so has a backup.
"""

from __future__ import annotations

import hashlib
from typing import Final

from sqlalchemy import delete, exists, insert, select
from sqlalchemy.exc import IntegrityError

from regard.errors import InternalServerError
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import custom_models as table
from regard.storage.schema import project_versions

_UNNAMED_KEPT: Final = 3_600_000  # milliseconds; a training writes its model before the row that names it


class CustomModels:
    """The models of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, content: bytes) -> str:
        """Keeps a model; what is there already is kept for longer. Its digest."""
        digest = hashlib.sha256(content).hexdigest()
        try:
            with self._database.write() as connection:
                connection.execute(delete(table).where(table.c.digest == digest))
                connection.execute(
                    insert(table).values(digest=digest, content=content, created=milliseconds())
                )
        except IntegrityError:  # another worker has just put the same
            pass
        return digest

    def get(self, digest: str) -> bytes:
        """A model's bytes. Raises InternalServerError where they are gone or damaged."""
        with self._database.read() as connection:
            content: bytes | None = connection.execute(
                select(table.c.content).where(table.c.digest == digest)
            ).scalar()
        if content is None or hashlib.sha256(content).hexdigest() != digest:
            raise InternalServerError("The model is gone from the database, or damaged: train it again.")
        return content

    def erase_unnamed(self, now: int) -> int:
        """Erases the models that no version has any more, and had none an hour ago; answers how many."""
        is_named = exists().where(project_versions.c.model == table.c.digest)
        with self._database.write() as connection:
            old = table.c.created < now - _UNNAMED_KEPT
            return connection.execute(delete(table).where(~is_named, old)).rowcount
