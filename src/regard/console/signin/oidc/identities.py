"""Which account at the identity provider is whose here."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, insert, select, update
from sqlalchemy.exc import IntegrityError

from regard.caller import Person
from regard.console.languages import msgid
from regard.console.signin.oidc.id_tokens import ProvenIdentity
from regard.errors import ConflictException
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import provider_identities


@dataclass(frozen=True, slots=True)
class BoundIdentity:
    """An account that somebody signs in with. Times are milliseconds since the epoch; `used` is None for
    never.
    """

    issuer: str
    subject: str
    label: str
    added: int
    used: int | None


class ProviderIdentities:
    """The accounts of one database. One of each issuer is somebody's at most; a person may have several."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, issuer: str, subject: str) -> str | None:
        """The id of the person whose it is; None where it is nobody's."""
        query = select(provider_identities.c.person_id).where(*_is(issuer, subject))
        with self._database.read() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else str(found)

    def bind(self, person: Person, proven: ProvenIdentity) -> None:
        """Makes it somebody's. Raises ConflictException where it is somebody's already."""
        values = {
            "issuer": proven.issuer,
            "subject": proven.subject,
            "person_id": person.person_id,
            "label": proven.label,
            "added": milliseconds(),
        }
        try:
            with self._database.write() as connection:
                connection.execute(insert(provider_identities).values(values))
        except IntegrityError as error:
            raise ConflictException(msgid("This account is somebody's here already.")) from error

    def note_use(self, proven: ProvenIdentity) -> None:
        """Notes that somebody has come by it."""
        used = update(provider_identities).where(*_is(proven.issuer, proven.subject))
        with self._database.write() as connection:
            connection.execute(used.values(used=milliseconds(), label=proven.label))

    def of(self, person_id: str) -> list[BoundIdentity]:
        """Somebody's, the oldest first."""
        query = (
            select(provider_identities)
            .where(provider_identities.c.person_id == person_id)
            .order_by(provider_identities.c.added, provider_identities.c.subject)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [BoundIdentity(row.issuer, row.subject, row.label, row.added, row.used) for row in rows]

    def remove(self, person_id: str, subject: str) -> bool:
        """Forgets one of somebody's. False where they have no such one."""
        theirs = (provider_identities.c.person_id == person_id, provider_identities.c.subject == subject)
        with self._database.write() as connection:
            return connection.execute(provider_identities.delete().where(*theirs)).rowcount > 0


def _is(issuer: str, subject: str) -> tuple[ColumnElement[bool], ...]:
    return (provider_identities.c.issuer == issuer, provider_identities.c.subject == subject)
