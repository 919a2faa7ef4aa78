"""Recovery codes, for who has lost the telephone: ten, each good once."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

from sqlalchemy import func, insert, select, update

from regard.caller import Person
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import recovery_codes

CODES: Final = 10
_GROUPS: Final = 4
_GROUP: Final = 4
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without what is mistaken for another: 79 bits a code


class RecoveryCodes:
    """The recovery codes of one database, which holds the SHA-256 of each."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def renew(self, person: Person) -> list[str]:
        """Ten new codes, answered this once; those before are good for nothing any more."""
        codes = [_code() for _ in range(CODES)]
        rows = [{"person_id": person.person_id, "digest": _digest(person.person_id, code)} for code in codes]
        with self._database.write() as connection:
            connection.execute(recovery_codes.delete().where(recovery_codes.c.person_id == person.person_id))
            connection.execute(insert(recovery_codes), rows)
        return codes

    def use(self, person: Person, code: str) -> bool:
        """Uses a code up. False for one that isn't theirs, or was used; of two who come at once one is."""
        mine = (
            recovery_codes.c.person_id == person.person_id,
            recovery_codes.c.digest == _digest(person.person_id, code),
            recovery_codes.c.used.is_(None),
        )
        with self._database.write() as connection:
            changed = update(recovery_codes).where(*mine).values(used=milliseconds())
            return connection.execute(changed).rowcount == 1

    def left(self, person: Person) -> int:
        """How many codes somebody has that weren't used."""
        query = select(func.count()).where(
            recovery_codes.c.person_id == person.person_id, recovery_codes.c.used.is_(None)
        )
        with self._database.read() as connection:
            return int(connection.execute(query).scalar_one())


def _code() -> str:
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def _digest(person_id: str, code: str) -> str:
    """Of a code however it was typed: capitals, blanks and hyphens tell nothing."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(f"{person_id} {plain}".encode()).hexdigest()
