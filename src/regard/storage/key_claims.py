"""Which encryption key a database's secrets were encrypted with, for all servers that share it."""

from __future__ import annotations

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from regard.storage.database import Database
from regard.storage.schema import encryption_keys as table

_ONLY = 1  # there is one row


class KeyClaims:
    """The claim of one database: the first key that encrypts for it is the only one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def holder(self) -> str | None:
        """The digest of the key that has claimed the database; None while none has."""
        with self._database.read() as connection:
            return connection.execute(select(table.c.fingerprint)).scalar()

    def claim(self, fingerprint: str) -> str:
        """Claims the database for a key unless another one has it; answers the digest of the one that has."""
        found = self.holder()
        if found is not None:
            return found
        try:
            with self._database.write() as connection:
                connection.execute(insert(table).values(row=_ONLY, fingerprint=fingerprint))
        except IntegrityError:  # another server was faster
            return self.holder() or ""
        return fingerprint

    def forget(self) -> None:
        """Lets another key claim it: of a database that was restored nobody knows where its key is."""
        with self._database.write() as connection:
            connection.execute(delete(table))
