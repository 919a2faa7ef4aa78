"""In which browsers somebody is signed in."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, or_, select, update

from regard.caller import Caller, Person
from regard.governance.people import caller_of, read_person, sign_out
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import browser_sessions, people

IDLE_MINUTES: Final = 30
HOURS: Final = 12
_IDLE: Final = IDLE_MINUTES * 60_000
_WHOLE: Final = HOURS * 3_600_000
_SEEN_EVERY: Final = 60_000  # milliseconds between two notes of a browser that asks all the time
_TOKEN_BYTES: Final = 32
_TOKEN_LENGTH: Final = 64  # of what a cookie may say; a token has 43 characters


class Means(StrEnum):
    """What somebody showed to be let in."""

    PASSKEY = "passkey"
    CODE = "password and code"
    RECOVERY = "recovery code"
    PROVIDER = "identity provider"


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """An account at an identity provider, by its issuer and `sub`; a session there, where it says which."""

    issuer: str
    subject: str
    sid: str | None = None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody who is signed in, as the database knows them now.

    `session` tells the sessions of a person apart, and opens none. `language` is the one that they chose,
    None for what their browser asks for. `opened` is in milliseconds since the epoch; `caller.verified` says
    when they last showed that it is them.
    """

    caller: Caller
    person: Person
    session: str
    opened: int
    language: str | None = None
    has_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class OpenBrowser:
    """A browser in which somebody is signed in. Times are milliseconds since the epoch."""

    session: str
    means: Means
    opened: int
    seen: int


class BrowserSessions:
    """The sessions of one database. What ends one ends it in every server, from the next request on.

    A session ends half an hour after its browser last asked, and twelve hours after it was opened; and with
    its person's suspension, a change of their roles, and the reset of their second factor.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def open(
        self,
        person: Person,
        means: Means,
        *,
        before: str | None = None,
        verified: int | None = None,
        account: ProviderSession | None = None,
    ) -> str:
        """Signs somebody in who has just shown that it is them, and answers the token, this once.

        `verified` is when they did, in milliseconds since the epoch, where that was elsewhere and earlier.
        `account` is by what they came, where that is an identity provider's: it may end the session.

        `before` is what the browser had in its cookie: a session that it names ends, so that nobody goes on
        with a token that another put there. Sessions that are over are removed.
        """
        token, now = secrets.token_urlsafe(_TOKEN_BYTES), milliseconds()
        with self._database.write() as connection:
            over = or_(browser_sessions.c.seen < now - _IDLE, browser_sessions.c.opened < now - _WHOLE)
            connection.execute(browser_sessions.delete().where(over))
            if before is not None:
                connection.execute(
                    browser_sessions.delete().where(browser_sessions.c.digest == _digest(before))
                )
            connection.execute(
                insert(browser_sessions).values(
                    digest=_digest(token),
                    person_id=person.person_id,
                    means=means,
                    opened=now,
                    seen=now,
                    verified=now if verified is None else min(verified, now),
                    issuer=None if account is None else account.issuer,
                    subject=None if account is None else account.subject,
                    sid=None if account is None else account.sid,
                )
            )
        return token

    def find(self, token: str, *, by_person: bool = True) -> SignedIn | None:
        """Who is signed in with a token; None for one that is over, or that there never was.

        That a person has asked is noted, once a minute, and keeps the session open; what their page asks by
        itself, to renew what it shows, doesn't.
        """
        digest, now = _digest(token), milliseconds()
        row = self._open_row(token, now)
        if row is None:
            return None
        if by_person and now - row.seen >= _SEEN_EVERY:
            self._change(digest, seen=now)
        person = read_person(row)
        return SignedIn(
            caller=caller_of(person, verified=row.verified, browser=_name_of(digest)),
            person=person,
            session=_name_of(digest),
            opened=row.opened,
            language=row.language,
            has_second_factor=row.factor is not None,
        )

    def is_open(self, token: str) -> bool:
        """Whether somebody is signed in with a token. To ask this keeps no session open."""
        return self._open_row(token, milliseconds()) is not None

    def verify(self, token: str, *, account: ProviderSession | None = None) -> None:
        """Notes that whoever is signed in has just shown again that it is them: by `account`, which may end
        the session from then on, where that was at an identity provider.
        """
        values: dict[str, Any] = {"verified": milliseconds()}
        if account is not None:
            values |= {"issuer": account.issuer, "subject": account.subject, "sid": account.sid}
        self._change(_digest(token), **values)

    def of(self, person_id: str) -> list[OpenBrowser]:
        """Where somebody is signed in, the newest first."""
        now = milliseconds()
        query = (
            select(browser_sessions)
            .where(
                browser_sessions.c.person_id == person_id,
                browser_sessions.c.seen > now - _IDLE,
                browser_sessions.c.opened > now - _WHOLE,
            )
            .order_by(browser_sessions.c.opened.desc(), browser_sessions.c.digest)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return [OpenBrowser(_name_of(row.digest), Means(row.means), row.opened, row.seen) for row in rows]

    def close(self, token: str) -> None:
        """Ends a session; one that is over already stays so."""
        with self._database.write() as connection:
            connection.execute(browser_sessions.delete().where(browser_sessions.c.digest == _digest(token)))

    def close_all(self, person_id: str) -> None:
        """Signs somebody out everywhere."""
        with self._database.write() as connection:
            sign_out(connection, person_id)

    def close_others(self, person_id: str, token: str) -> None:
        """Signs somebody out everywhere but in one browser."""
        others = (browser_sessions.c.person_id == person_id, browser_sessions.c.digest != _digest(token))
        with self._database.write() as connection:
            connection.execute(browser_sessions.delete().where(*others))

    def _open_row(self, token: str, now: int) -> Any:
        """The row of a session that is open at `now`, with its person's; None for any other."""
        if len(token) > _TOKEN_LENGTH:
            return None
        with self._database.read() as connection:
            row = connection.execute(_FIND, {"digest": _digest(token)}).first()
        if row is None or row.suspended is not None or now >= min(row.seen + _IDLE, row.opened + _WHOLE):
            return None
        return row

    def _change(self, digest: str, **values: Any) -> None:
        with self._database.write() as connection:
            connection.execute(
                update(browser_sessions).where(browser_sessions.c.digest == digest).values(values)
            )


def close_of_account(connection: Connection, issuer: str, subject: str | None, sid: str | None) -> list[str]:
    """Ends the sessions of who came by an account at an identity provider: all of `subject`, or those of the
    session `sid` there, or, with both, those of the account that are of that session or of one that the
    provider did not name. Answers whose each was.
    """
    theirs = [browser_sessions.c.issuer == issuer]
    if subject is not None:
        theirs.append(browser_sessions.c.subject == subject)
    if sid is not None:
        of_session = browser_sessions.c.sid == sid
        is_unnamed = browser_sessions.c.sid.is_(None)
        theirs.append(of_session if subject is None else or_(of_session, is_unnamed))
    ended = browser_sessions.delete().where(*theirs).returning(browser_sessions.c.person_id)
    return list(connection.execute(ended).scalars())


def _find() -> Any:
    """The row of a session with its person's. Built once: every page asks it."""
    joined = browser_sessions.join(people, people.c.person_id == browser_sessions.c.person_id)
    shown = (
        browser_sessions.c.opened,
        browser_sessions.c.seen,
        browser_sessions.c.verified,
        people.c.person_id,
        people.c.name,
        people.c.roles,
        people.c.suspended,
        people.c.language,
        people.c.factor,
    )
    query = select(*shown).select_from(joined)
    return query.where(browser_sessions.c.digest == bindparam("digest"))


_FIND: Final = _find()


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _name_of(digest: str) -> str:
    return digest[:16]
