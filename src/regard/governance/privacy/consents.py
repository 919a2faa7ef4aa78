"""Consents: whose face may be enrolled in a collection, by what they agreed to, until when.

A consent is valid from the moment it is recorded, whenever it was given: none makes an enrolment right that
came before it. Whoever withdraws it ends all consents of that person for that collection; only one that is
given afterwards lets their face be enrolled again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, FromClause, and_, exists, insert, or_, select, update

from regard.errors import AccessDeniedException, InvalidParameterException, ResourceNotFoundException
from regard.storage.clock import is_to_come, milliseconds
from regard.storage.database import Database
from regard.storage.erasure_journal import Erasable, Erased
from regard.storage.numbering import next_id
from regard.storage.schema import consents as table

FORMS: Final = ("WRITTEN", "ELECTRONIC", "SPOKEN")
"""How a consent was given."""

_DAY: Final = 24 * 3_600_000
_LOOKED_UP: Final = 1000  # subjects of one query


class ConsentState(StrEnum):
    """What has become of a consent."""

    GIVEN = "GIVEN"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"
    ERASED = "ERASED"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConsent:
    """A consent to be recorded; times are milliseconds since the epoch.

    `subject` is the ExternalImageId of the person's faces, `row_of` the row of the collection. `text_version`
    says which text the person agreed to, `evidence` is the SHA-256, hex, of what shows it.
    """

    subject: str
    collection: str
    row_of: int
    text_version: str
    form: str
    given: int
    until: int | None
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent(NewConsent):
    """A consent as it is kept; people are named by their ids. `erased` is when the person's faces went."""

    consent_id: str
    recorded: int
    recorded_by: str
    withdrawn: int | None = None
    withdrawn_by: str | None = None
    erased: int | None = None


class Consents:
    """The consents of one database."""

    def __init__(self, database: Database, inactivity_days: int | None) -> None:
        """A consent ends `inactivity_days` after it was given, at the latest; None for no such end."""
        self._database = database
        self._inactivity = None if inactivity_days is None else inactivity_days * _DAY

    def put(self, new: Sequence[NewConsent], recorded_by: str) -> list[Consent]:
        """Records consents, all or none; one that is recorded already is answered as it is.

        Raises InvalidParameterException for what is no consent, or has no effect: it lies in the future, is
        over, or was given before the person withdrew.
        """
        now = milliseconds()
        with self._database.write() as connection:
            return [self._put(connection, one, recorded_by, now) for one in new]

    def get(self, consent_id: str) -> Consent:
        """Raises ResourceNotFoundException."""
        with self._database.read() as connection:
            row = connection.execute(select(table).where(table.c.consent_id == consent_id)).mappings().first()
        if row is None:
            raise ResourceNotFoundException(f"There is no consent {consent_id[:80]}.")
        return Consent(**row)

    def all(self, collection: str | None = None, subject: str | None = None) -> list[Consent]:
        """The consents in the order they were recorded, narrowed to a collection or a person."""
        query = select(table).order_by(table.c.recorded, table.c.consent_id)
        if collection is not None:
            query = query.where(table.c.collection == collection)
        if subject is not None:
            query = query.where(table.c.subject == subject)
        with self._database.read() as connection:
            return [Consent(**row) for row in connection.execute(query).mappings()]

    def withdraw(self, consent: Consent, withdrawn_by: str) -> Consent:
        """Ends all consents of that person for that collection; again, it changes nothing."""
        with self._database.write() as connection:
            given = (_of(consent.row_of, consent.subject), table.c.withdrawn.is_(None))
            ended = connection.execute(select(table.c.consent_id, table.c.recorded).where(*given)).all()
            self._database.erasure_journal.note(
                [Erased(kind=Erasable.CONSENT, name=one.consent_id, created=one.recorded) for one in ended]
            )
            now = milliseconds()
            connection.execute(update(table).where(*given).values(withdrawn=now, withdrawn_by=withdrawn_by))
        return self.get(consent.consent_id)

    def check(self, connection: Connection, row_of: int, subjects: Iterable[str]) -> dict[str, str]:
        """The ids of the consents that are valid now, by subject, as a transaction sees them.

        Raises AccessDeniedException, naming the first person without one.
        """
        wanted = list(dict.fromkeys(subjects))
        valid = self.valid(connection, row_of, wanted, milliseconds())
        missing = [subject for subject in wanted if subject not in valid]
        if missing:
            raise AccessDeniedException(
                f"There is no valid consent of {missing[0][:255]!r} for this collection; record one "
                "(PutConsent, `regard consents put`) before the face is enrolled."
            )
        return valid

    def ended(self, row_of: int, now: int, limit: int) -> list[str]:
        """People whose faces must go: they had a consent for the collection, and have none any more."""
        over = [table.c.withdrawn.is_not(None), table.c.until <= now]
        if self._inactivity is not None:
            over.append(table.c.given <= now - self._inactivity)
        another = table.alias()
        query = (
            select(table.c.subject)
            .distinct()
            .where(
                table.c.row_of == row_of,
                table.c.erased.is_(None),
                or_(*over),
                ~exists().where(
                    another.c.row_of == row_of,
                    another.c.subject == table.c.subject,
                    *self._are_valid(another, now),
                ),
            )
            .limit(limit)
        )
        with self._database.read() as connection:
            return list(connection.execute(query).scalars())

    def note_erased(self, connection: Connection, row_of: int, subject: str, now: int) -> None:
        """Says that the faces of somebody whose consents have ended are gone."""
        connection.execute(
            update(table).where(_of(row_of, subject), table.c.erased.is_(None)).values(erased=now)
        )

    def state(self, consent: Consent, now: int) -> ConsentState:
        """What has become of a consent by some time."""
        if consent.erased is not None:
            return ConsentState.ERASED
        if consent.withdrawn is not None:
            return ConsentState.WITHDRAWN
        end = self.end(consent)
        return ConsentState.GIVEN if end is None or end > now else ConsentState.EXPIRED

    def end(self, consent: Consent) -> int | None:
        """When a consent ends by itself; None for never."""
        inactive = None if self._inactivity is None else consent.given + self._inactivity
        return min((end for end in (consent.until, inactive) if end is not None), default=None)

    def _put(self, connection: Connection, new: NewConsent, recorded_by: str, now: int) -> Consent:
        earlier = [
            Consent(**row)
            for row in connection.execute(select(table).where(_of(new.row_of, new.subject))).mappings()
        ]
        withdrawn = max((one.withdrawn for one in earlier if one.withdrawn is not None), default=None)
        if withdrawn is not None and new.given <= withdrawn:
            raise InvalidParameterException(
                f"{new.subject!r} has withdrawn since that consent was given; it takes one given anew."
            )
        facts = asdict(new)
        known = next((one for one in earlier if facts.items() <= asdict(one).items()), None)
        if known is not None:
            return known
        made = Consent(
            **facts,
            consent_id=next_id(connection, "CO", now),
            recorded=now,
            recorded_by=recorded_by,
        )
        if is_to_come(new.given, now):
            raise InvalidParameterException("GivenAt lies in the future; record a consent once it is given.")
        end = self.end(made)
        if end is not None and end <= now:
            raise InvalidParameterException(f"The consent of {new.subject!r} is over already.")
        connection.execute(insert(table).values(asdict(made)))
        return made

    def valid(self, connection: Connection, row_of: int, subjects: Sequence[str], now: int) -> dict[str, str]:
        """The consents of those people that are valid at a time: their ids, by subject."""
        found: dict[str, str] = {}
        for start in range(0, len(subjects), _LOOKED_UP):
            query = select(table.c.subject, table.c.consent_id).where(
                table.c.row_of == row_of,
                table.c.subject.in_(subjects[start : start + _LOOKED_UP]),
                *self._are_valid(table, now),
            )
            found |= {row.subject: row.consent_id for row in connection.execute(query)}
        return found

    def _are_valid(self, rows: FromClause, now: int) -> list[ColumnElement[bool]]:
        valid = [
            rows.c.withdrawn.is_(None),
            rows.c.erased.is_(None),
            rows.c.recorded <= now,
            or_(rows.c.until.is_(None), rows.c.until > now),
        ]
        if self._inactivity is not None:
            valid.append(rows.c.given > now - self._inactivity)
        return valid


def withdraw_again(connection: Connection, consent_id: str, recorded: int) -> int:
    """Withdraws a consent that a restored backup holds as it was before; answers how many that were.

    `recorded` is when it was: after a restore another one may have got its id.
    """
    here = (
        table.c.consent_id == consent_id,
        table.c.recorded == recorded,
        table.c.withdrawn.is_(None),
    )
    now = milliseconds()
    values = {"withdrawn": now, "withdrawn_by": "restore"}
    return connection.execute(update(table).where(*here).values(values)).rowcount


def _of(row_of: int, subject: str) -> ColumnElement[bool]:
    return and_(table.c.row_of == row_of, table.c.subject == subject)
