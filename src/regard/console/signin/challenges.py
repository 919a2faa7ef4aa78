"""Challenges that passkeys sign. None is kept until it is answered, so that strangers fill no table."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from regard.console.languages import msgid
from regard.errors import AccessDeniedException, RegardError
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import answered_challenges

MINUTES: Final = 10
_BOUND: Final = "passkey challenge"
_LONGEST: Final = 1024  # bytes


class Ceremony(StrEnum):
    """What a challenge is for."""

    NEW = "a new passkey"
    SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True)
class PasskeyChallenge:
    """What a challenge is good for. `whom` says for whom alone, by their id or what they came with; "" for
    whoever has the passkey. `handle` is what a new passkey's account is called.
    """

    ceremony: Ceremony
    whom: str
    handle: str


class Challenges:
    """Makes and reads them. A challenge says what it is for, encrypted and sealed with the server's key."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def make(self, challenge: PasskeyChallenge) -> bytes:
        """A challenge that is good for `MINUTES`, and once."""
        until = milliseconds() + MINUTES * 60_000
        told = [challenge.ceremony, challenge.whom, challenge.handle, until, secrets.token_hex(16)]
        return self._cipher.encrypt(json.dumps(told).encode(), _BOUND)

    def take(self, answered: bytes, ceremony: Ceremony, whom: str) -> PasskeyChallenge:
        """Uses up the challenge that was answered.

        Raises AccessDeniedException where it is another's or for something else, is over, or was answered
        before.
        """
        try:
            if len(answered) > _LONGEST:
                raise _over()
            told = json.loads(self._cipher.decrypt(answered, _BOUND))
        except RegardError as error:
            raise _over() from error
        challenge, until = PasskeyChallenge(Ceremony(told[0]), told[1], told[2]), int(told[3])
        if (challenge.ceremony, challenge.whom) != (ceremony, whom) or until <= milliseconds():
            raise _over()
        self.use_up(answered, until)
        return challenge

    def use_up(self, answered: bytes, until: int) -> None:
        """Notes what was answered, until it is over. Raises AccessDeniedException where it was before."""
        with self._database.write() as connection:
            use_up_within(connection, answered, until)


def use_up_within(connection: Connection, answered: bytes, until: int) -> None:
    """The same, within a transaction, which doesn't go on where it raises AccessDeniedException."""
    digest = hashlib.sha256(answered).hexdigest()
    over = answered_challenges.c.expires <= milliseconds()
    connection.execute(answered_challenges.delete().where(over))
    try:
        connection.execute(insert(answered_challenges).values(digest=digest, expires=until))
    except IntegrityError as error:
        raise _over() from error


def _over() -> AccessDeniedException:
    return AccessDeniedException(msgid("This page was open for too long, or was used before; open it again."))
