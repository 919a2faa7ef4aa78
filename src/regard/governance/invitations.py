"""Links by which people are let in who can't sign in yet: good once, and for a day."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, exists, func, insert, or_, select

from regard.caller import Person
from regard.errors import AccessDeniedException, ConflictException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import invitations, passkeys, passwords, people, provider_identities

HOURS: Final = 24
_CODE_BYTES: Final = 32
_CODE_LENGTH: Final = 64  # of what somebody may send; a code has 43 characters


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link. `person_id` is None for the first administrator's.

    `code` is answered once, to whoever makes it; the database has its SHA-256. `expires` is in milliseconds
    since the epoch.
    """

    code: str = field(repr=False)
    person_id: str | None
    expires: int


class Invitations:
    """The invitations of one database. A person has one at a time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def make(self, person: Person) -> Invitation:
        """Invites somebody; what they were invited by before is worth nothing any more.

        Raises ConflictException for who can sign in: with a link to another's account somebody could act as
        them.
        """
        with self._database.write() as connection:
            if _can_sign_in(connection, person.person_id):
                raise ConflictException(
                    f"{person.name} can sign in already. Where they can't any more, first reset their second "
                    "factor, which ends every way by which they could."
                )
            return _make(connection, person.person_id)

    def make_first(self) -> Invitation | None:
        """Invites whoever is to be the first administrator; None where there are people already."""
        with self._database.write() as connection:
            return None if _has_people(connection) else _make(connection, None)

    def find(self, code: str) -> Invitation:
        """The invitation of a code. Raises AccessDeniedException where it was used, is over, or never was."""
        if len(code) <= _CODE_LENGTH:
            query = select(invitations).where(
                invitations.c.digest == _digest(code), invitations.c.expires > milliseconds()
            )
            with self._database.read() as connection:
                row = connection.execute(query).first()
                is_good = row is not None and (row.person_id is not None or not _has_people(connection))
            if row is not None and is_good:
                return Invitation(code, row.person_id, row.expires)
        raise _used()

    def take(self, code: str) -> Invitation:
        """Uses an invitation up. Raises as `find` does; of two who come at once one is refused."""
        invitation = self.find(code)
        with self._database.write() as connection:
            taken = connection.execute(
                invitations.delete().where(invitations.c.digest == _digest(code))
            ).rowcount
        if not taken:
            raise _used()
        return invitation

    def put_back(self, invitation: Invitation) -> None:
        """Makes one good again that was taken for nothing."""
        with self._database.write() as connection:
            connection.execute(insert(invitations).values(_row(invitation)))


def _make(connection: Connection, person_id: str | None) -> Invitation:
    now = milliseconds()
    made = Invitation(secrets.token_urlsafe(_CODE_BYTES), person_id, now + HOURS * 3_600_000)
    earlier = invitations.c.expires <= now
    if person_id is not None:
        earlier = or_(earlier, invitations.c.person_id == person_id)
    connection.execute(invitations.delete().where(earlier))
    connection.execute(insert(invitations).values(_row(made)))
    return made


def _row(invitation: Invitation) -> dict[str, str | int | None]:
    return {
        "digest": _digest(invitation.code),
        "person_id": invitation.person_id,
        "expires": invitation.expires,
    }


def _can_sign_in(connection: Connection, person_id: str) -> bool:
    ways = (
        exists().where(passkeys.c.person_id == person_id),
        exists().where(passwords.c.person_id == person_id),
        exists().where(provider_identities.c.person_id == person_id),
    )
    return bool(connection.execute(select(or_(*ways))).scalar_one())


def _has_people(connection: Connection) -> bool:
    return connection.execute(select(func.count()).select_from(people)).scalar_one() > 0


def _digest(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()


def _used() -> AccessDeniedException:
    return AccessDeniedException(
        "This link was used, or its 24 hours are over. Ask an administrator for another one; the first "
        "administrator's is printed when the server starts."
    )
