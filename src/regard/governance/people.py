"""The people of an installation: who they are, and in which roles they act."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.caller import Caller, Person
from regard.errors import (
    InvalidParameterException,
    RegardError,
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
)
from regard.governance.permissions import check_roles
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.numbering import next_id
from regard.storage.schema import browser_sessions, people, sessions

_NAME: Final = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)  # what IAM allows a user
_ID: Final = re.compile(r"P-.*", re.IGNORECASE)
_COLUMNS: Final = (people.c.person_id, people.c.name, people.c.roles, people.c.suspended)


class People:
    """The people of one database. Every look-up reads it: a suspension holds at once."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, name: str, roles: Sequence[str]) -> Person:
        """A new person. Raises InvalidParameterException for a name or roles that can't be, and
        ResourceAlreadyExistsException for a name that somebody has.
        """
        if not _NAME.fullmatch(name):
            raise InvalidParameterException(
                "A person's name has 1 to 64 letters, digits and + = , . @ _ - in it; "
                f"{name[:80]!r} does not."
            )
        if _ID.fullmatch(name):
            raise InvalidParameterException(
                f"{name[:80]} is what people's ids are like; choose a name that is no id."
            )
        held = _checked(roles)
        now = milliseconds()
        try:
            with self._database.write() as connection:
                person = Person(next_id(connection, "P", now), name, held)
                connection.execute(
                    insert(people).values(
                        person_id=person.person_id, name=name, roles=json.dumps(held), created=now
                    )
                )
        except IntegrityError as error:
            raise ResourceAlreadyExistsException(
                f"There is a person named {name} already; choose another name."
            ) from error
        return person

    def get(self, person: str) -> Person:
        """Somebody by their id or their name. Raises ResourceNotFoundException."""
        with self._database.read() as connection:
            row = connection.execute(
                select(*_COLUMNS).where((people.c.person_id == person) | (people.c.name == person))
            ).first()
        if row is None:
            raise ResourceNotFoundException(
                f"There is no person {person[:80]}; `regard people list` shows them."
            )
        return read_person(row)

    def find(self, person_id: str) -> Person | None:
        """Somebody by their id alone; None where nobody has it."""
        with self._database.read() as connection:
            row = connection.execute(select(*_COLUMNS).where(people.c.person_id == person_id)).first()
        return None if row is None else read_person(row)

    def all(self) -> list[Person]:
        """Everybody, in the order they were added."""
        with self._database.read() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(people.c.created, people.c.person_id)).all()
        return [read_person(row) for row in rows]

    def set_roles(self, person_id: str, roles: Sequence[str]) -> Person:
        """Gives somebody these roles and no others, and signs them out of every browser.

        Raises as `add` and `get` do.
        """
        held = _checked(roles)
        with self._database.write() as connection:
            connection.execute(
                update(people).where(people.c.person_id == person_id).values(roles=json.dumps(held))
            )
            sign_out(connection, person_id)
        return self.get(person_id)

    def choose_language(self, person_id: str, language: str | None) -> None:
        """Keeps in which language somebody reads the console; None for what their browser asks for."""
        with self._database.write() as connection:
            connection.execute(
                update(people).where(people.c.person_id == person_id).values(language=language)
            )

    def suspend(self, person_id: str, *, suspended: bool = True) -> Person:
        """Stops somebody's keys and sessions at once, or lets their keys be used again."""
        with self._database.write() as connection:
            moment = milliseconds() if suspended else None
            connection.execute(update(people).where(people.c.person_id == person_id).values(suspended=moment))
            if suspended:
                connection.execute(sessions.delete().where(sessions.c.person_id == person_id))
                sign_out(connection, person_id)
        return self.get(person_id)


def caller_of(person: Person, *, verified: int, browser: str | None = None) -> Caller:
    """Somebody who calls without a key, signed in to the console: in all their roles, under their own id.

    `verified` is when they showed that it was them, in milliseconds since the epoch; `browser` names the
    session.
    """
    return Caller(
        key_id=person.person_id,
        name=person.name,
        role=person.roles[0],
        suspended=person.suspended is not None,
        person=person,
        verified=verified,
        browser=browser,
    )


def sign_out(connection: Connection, person_id: str) -> None:
    """Ends somebody's sessions in browsers, within whatever else the transaction writes."""
    connection.execute(browser_sessions.delete().where(browser_sessions.c.person_id == person_id))


def read_person(row: Any) -> Person:
    """A person from a row of `people`."""
    return Person(row.person_id, row.name, tuple(json.loads(row.roles)), row.suspended)


def _checked(roles: Sequence[str]) -> tuple[str, ...]:
    """The roles, each once. Raises InvalidParameterException."""
    try:
        check_roles(roles)
    except RegardError as error:
        raise InvalidParameterException(str(error)) from error
    return tuple(dict.fromkeys(roles))
