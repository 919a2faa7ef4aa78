"""The authorizations of one database: asked for, decided on, ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, update

from regard.errors import (
    AccessDeniedException,
    ConflictException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from regard.governance.authorizations.live import follow_end
from regard.governance.authorizations.records import Authorization, Document, Ground, Standing
from regard.governance.authorizations.requests import NewAuthorization, end_of, terms_of
from regard.governance.authorizations.rows import (
    insert_authorization,
    read_authorizations,
    row_of_document,
)
from regard.governance.profiles import Rules
from regard.storage.backend import Turn
from regard.storage.clock import is_to_come, milliseconds
from regard.storage.database import Database
from regard.storage.numbering import next_id
from regard.storage.schema import authorizations as table

_OPEN_EXIGENCIES: Final = (Standing.EXIGENT, Standing.AWAITING)
_UNDECIDED: Final = (Standing.REQUESTED, *_OPEN_EXIGENCIES)


class Authorizations:
    """The authorizations of one database.

    Every change happens in one transaction, from the state that holds in it; those of all servers take turns.
    `clock` tells milliseconds since the epoch. Whoever decides is neither who requested nor who asked the
    authority: AccessDeniedException. What can't follow on the present state raises ConflictException, and an
    id that there isn't ResourceNotFoundException.
    """

    def __init__(self, database: Database, rules: Rules, clock: Callable[[], int] = milliseconds) -> None:
        self.database = database
        self._rules = rules
        self._clock = clock

    def now(self) -> int:
        """The time by which authorizations are judged."""
        return self._clock()

    def request(self, new: NewAuthorization, requested_by: str) -> Authorization:
        """Asks for an authorization. An exigency and a first identification begin at once.

        Raises InvalidParameterException for what the rules don't allow, and ConflictException where a case
        had its first identification, or an exigency that isn't good for another.
        """
        now = self.now()
        terms = terms_of(new, self._rules, now)
        with self._turn() as connection:
            if new.basis in (Ground.EXIGENCY, Ground.FIRST_IDENTIFICATION):
                _check_once(read_authorizations(connection, case_id=new.case_id), new, now)
            made = Authorization(
                authorization_id=next_id(connection, "A", now),
                case_id=new.case_id,
                purpose=new.purpose,
                basis=new.basis,
                scope=new.scope,
                covert=new.covert,
                grounds=new.grounds,
                attested=tuple(new.attested),
                begins=terms.begins,
                until=terms.until,
                requested=now,
                requested_by=requested_by,
                ask_by=terms.ask_by,
                decide_by=terms.decide_by,
            )
            insert_authorization(connection, made)
            return made

    def ask(self, authorization_id: str, asked_by: str, authority: str) -> Authorization:
        """Enters that the authority was asked to decide on an exigency."""
        with self._turn() as connection:
            _, now = self._standing(connection, authorization_id, Standing.EXIGENT)
            values = {"asked": now, "asked_by": asked_by, "authority": authority}
            return _changed(connection, authorization_id, values, now)

    def approve(
        self, authorization_id: str, approved_by: str, document: Document, until: int | None = None
    ) -> Authorization:
        """Enters what the authority issued on a request. It begins no sooner than now.

        `until` ends it sooner than was asked for.
        """
        with self._turn() as connection:
            found, now = self._standing(connection, authorization_id, Standing.REQUESTED)
            _check_another(found, approved_by)
            return _approved(connection, found, approved_by, document, until, now)

    def ratify(
        self, authorization_id: str, approved_by: str, document: Document, until: int | None = None
    ) -> Authorization:
        """Enters that the authority has allowed an exigency that it was asked about in time."""
        with self._turn() as connection:
            found, now = self._standing(connection, authorization_id, Standing.AWAITING)
            _check_another(found, approved_by)
            return _approved(connection, found, approved_by, document, until, now)

    def reject(self, authorization_id: str, rejected_by: str, reason: str) -> Authorization:
        """Enters that the authority, or whoever decides for it, has refused."""
        return self._end(authorization_id, "rejected", rejected_by, reason, *_UNDECIDED)

    def revoke(self, authorization_id: str, revoked_by: str, reason: str) -> Authorization:
        """Ends an authorization before its time."""
        return self._end(authorization_id, "revoked", revoked_by, reason, Standing.ACTIVE, Standing.APPROVED)

    def extend(
        self, authorization_id: str, approved_by: str, document: Document, until: int | None = None
    ) -> Authorization:
        """Ends an authorization and answers the one that goes on in its place, from now until `until`, None
        for as long as the rules allow.
        """
        with self._turn() as connection:
            found, now = self._standing(connection, authorization_id, Standing.ACTIVE)
            _check_another(found, approved_by)
            if found.basis is Ground.FIRST_IDENTIFICATION:
                raise ConflictException("A first identification is not extended; ask for an authorization.")
            made = replace(
                found,
                authorization_id=next_id(connection, "A", now),
                begins=now,
                until=end_of(now, until, self._rules, now),
                ask_by=None,
                decide_by=None,
                document=_checked(document, now),
                approved=now,
                approved_by=approved_by,
                extends=found.authorization_id,
            )
            insert_authorization(connection, made)
            ended = {"extended": now, "extended_by": made.authorization_id}
            _changed(connection, authorization_id, ended, now)
            return made

    def find(self, authorization_id: str) -> Authorization | None:
        """An authorization by its id, or None."""
        with self.database.read() as connection:
            return next(iter(read_authorizations(connection, authorization_id)), None)

    def get(self, authorization_id: str) -> Authorization:
        """An authorization by its id. Raises ResourceNotFoundException."""
        found = self.find(authorization_id)
        if found is None:
            raise authorization_not_found(authorization_id)
        return found

    def all(self) -> list[Authorization]:
        """Every authorization, in the order they were asked for."""
        with self.database.read() as connection:
            return read_authorizations(connection)

    @contextmanager
    def _turn(self) -> Iterator[Connection]:
        with self.database.write(turn=Turn.AUTHORIZATIONS) as connection:
            yield connection

    def _standing(
        self, connection: Connection, authorization_id: str, *states: Standing
    ) -> tuple[Authorization, int]:
        """An authorization that is in one of these states, and the time by which it is."""
        now = self.now()
        found = next(iter(read_authorizations(connection, authorization_id)), None)
        if found is None:
            raise authorization_not_found(authorization_id)
        state = found.state(now)
        if state not in states:
            raise ConflictException(
                f"The authorization {authorization_id} is {state}; this takes one that is "
                f"{' or '.join(states)}."
            )
        return found, now

    def _end(
        self, authorization_id: str, how: str, ended_by: str, reason: str, *states: Standing
    ) -> Authorization:
        with self._turn() as connection:
            found, now = self._standing(connection, authorization_id, *states)
            _check_another(found, ended_by)
            values = {how: now, "ended_by": ended_by, "ended_for": reason}
            return _changed(connection, authorization_id, values, now)


def authorization_not_found(authorization_id: str) -> ResourceNotFoundException:
    """What is answered for an authorization that there isn't, or that is not the caller's to know."""
    return ResourceNotFoundException(f"There is no authorization {authorization_id[:80]} that you may see.")


def _approved(
    connection: Connection,
    found: Authorization,
    approved_by: str,
    document: Document,
    until: int | None,
    now: int,
) -> Authorization:
    begins = found.begins if found.basis is Ground.EXIGENCY else max(found.begins, now)
    ends = found.until if until is None else min(found.until, until)
    if ends <= max(begins, now):
        raise ConflictException(
            f"The time that {found.authorization_id} was asked for is over; ask for another authorization."
        )
    values = {"begins": begins, "until": ends, "approved": now, "approved_by": approved_by}
    entered = values | row_of_document(_checked(document, now))
    return _changed(connection, found.authorization_id, entered, now)


def _checked(document: Document, now: int) -> Document:
    """The document. Raises InvalidParameterException for one that isn't issued yet."""
    if is_to_come(document.issued, now):
        raise InvalidParameterException("Issued lies in the future; enter a document once it is there.")
    return document


def _check_another(found: Authorization, person_id: str) -> None:
    """Raises AccessDeniedException for whoever asked, here or the authority."""
    if person_id in (found.requested_by, found.asked_by):
        raise AccessDeniedException(
            f"Whoever asked for {found.authorization_id} doesn't decide on it; ask another approver."
        )


def _check_once(others: Sequence[Authorization], new: NewAuthorization, now: int) -> None:
    """Raises ConflictException for a second first identification, and for an exigency while another isn't
    decided, or after one that the authority refused or wasn't asked about.
    """
    for other in others:
        if other.basis is not new.basis:
            continue
        if new.basis is Ground.FIRST_IDENTIFICATION:
            raise ConflictException(
                f"The case {new.case_id} had its first identification, {other.authorization_id}; "
                "ask for an authorization."
            )
        if other.approved is None:
            raise ConflictException(
                f"The exigency {other.authorization_id} of this case is {other.state(now)}; "
                "ask for an authorization."
            )


def _changed(
    connection: Connection, authorization_id: str, values: dict[str, Any], now: int
) -> Authorization:
    """An authorization as it is from now on; live searches under it end when it does."""
    connection.execute(update(table).where(table.c.authorization_id == authorization_id).values(values))
    changed = read_authorizations(connection, authorization_id)[0]
    follow_end(connection, changed, now)
    return changed
