"""Passwords: kept as what argon2id makes of them, and never without a second factor."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import insert, select, update

from regard.caller import Person
from regard.console.languages import msgid
from regard.errors import InvalidParameterException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import passwords

MIN_CHARACTERS: Final = 12
MAX_CHARACTERS: Final = 256
_SHORTEST_NAME: Final = 3  # that a password may not hold: shorter ones are in many words


class Passwords:
    """The passwords of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._hasher = PasswordHasher()  # the parameters of RFC 9106's second recommendation: 64 MiB

    def choose(self, person: Person, password: str) -> None:
        """Gives somebody a password in place of any before. Raises as `check_new` does."""
        check_new(password, person.name)
        made = self._hasher.hash(_normal(password))
        now = milliseconds()
        with self._database.write() as connection:
            theirs = passwords.c.person_id == person.person_id
            if not connection.execute(update(passwords).where(theirs).values(hash=made, chosen=now)).rowcount:
                connection.execute(
                    insert(passwords).values(person_id=person.person_id, hash=made, chosen=now)
                )

    def is_right(self, person: Person | None, password: str) -> bool:
        """Whether it is somebody's password. It takes as long for who has none, and for nobody."""
        if len(password) > MAX_CHARACTERS:
            return False
        kept = None if person is None else self._kept(person.person_id)
        try:
            self._hasher.verify(kept or _nobody_s(), _normal(password))
        except (VerificationError, InvalidHashError):
            return False
        if person is None or kept is None:
            return False
        if self._hasher.check_needs_rehash(kept):
            self._renew(person.person_id, password)
        return True

    def has(self, person: Person) -> bool:
        """Whether somebody has a password."""
        return self._kept(person.person_id) is not None

    def _kept(self, person_id: str) -> str | None:
        query = select(passwords.c.hash).where(passwords.c.person_id == person_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar()

    def _renew(self, person_id: str, password: str) -> None:
        """Keeps a password as the library's parameters of today make it."""
        made = self._hasher.hash(_normal(password))
        with self._database.write() as connection:
            connection.execute(update(passwords).where(passwords.c.person_id == person_id).values(hash=made))


def check_new(password: str, name: str) -> None:
    """Raises InvalidParameterException for a password that is too short, or has its person's name in it."""
    if len(_normal(password)) < MIN_CHARACTERS:
        raise InvalidParameterException(
            msgid(
                "A password has 12 characters or more. Three or four words that don't belong together "
                "are easy to keep in mind and hard to guess."
            )
        )
    if len(password) > MAX_CHARACTERS:
        raise InvalidParameterException(msgid("A password has 256 characters at most."))
    if len(name) >= _SHORTEST_NAME and name.casefold() in _normal(password).casefold():
        raise InvalidParameterException(
            msgid("A password doesn't hold its person's name; choose another one.")
        )
    if len(set(_normal(password))) < MIN_CHARACTERS // 3:
        raise InvalidParameterException(msgid("This password repeats itself; choose another one."))


def _normal(password: str) -> str:
    """The password as every keyboard types it: accents are one character or two by the system."""
    return unicodedata.normalize("NFKC", password)


@cache
def _nobody_s() -> str:
    return PasswordHasher().hash("nobody's")
