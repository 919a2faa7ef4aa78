"""Sessions of people: what shows that the person themself is there, and not only their key."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import insert, select

from regard.caller import Caller, Person
from regard.errors import AccessDeniedException
from regard.governance.people import read_person
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import people, sessions

HOURS: Final = 8
FRESH_MINUTES: Final = 15
"""How long after a code was shown a session may decide what needs the person at that moment."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session that was opened. `token` is answered this once; times are milliseconds since the epoch."""

    token: str
    verified: int
    expires: int


class Sessions:
    """The sessions of one database. Suspending a person ends all of theirs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(self, person: Person, key_id: str) -> Session:
        """Opens a session for somebody whose code was taken, bound to the key that they called with."""
        now = milliseconds()
        session = Session(secrets.token_urlsafe(32), now, now + HOURS * 3_600_000)
        with self._database.write() as connection:
            connection.execute(sessions.delete().where(sessions.c.expires < now))
            connection.execute(
                insert(sessions).values(
                    digest=_digest(session.token),
                    person_id=person.person_id,
                    key_id=key_id,
                    verified=now,
                    expires=session.expires,
                )
            )
        return session

    def caller(self, token: str, caller: Caller) -> Caller:
        """The caller as the person of the session.

        A session is only good with the key that it was opened with. Raises AccessDeniedException for one that
        is over, or is another's.
        """
        query = (
            select(sessions, people)
            .join(people, people.c.person_id == sessions.c.person_id)
            .where(sessions.c.digest == _digest(token), sessions.c.expires > milliseconds())
        )
        with self._database.read() as connection:
            row = connection.execute(query).first()
        if row is None or row.key_id != caller.key_id or row.suspended is not None:
            raise AccessDeniedException("The session is over; open another one.")
        person = read_person(row)
        named = replace(caller, person=person, verified=row.verified)
        if caller.person is None:  # at the command line of the data folder's owner
            named = replace(named, name=person.name, role=person.roles[0])
        return named

    def close(self, token: str) -> None:
        """Ends a session; one that is over already stays so."""
        with self._database.write() as connection:
            connection.execute(sessions.delete().where(sessions.c.digest == _digest(token)))


def is_fresh(caller: Caller) -> bool:
    """Whether the person showed their second factor within the last `FRESH_MINUTES`."""
    return caller.verified is not None and milliseconds() - caller.verified <= FRESH_MINUTES * 60_000


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
