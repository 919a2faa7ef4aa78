"""Whether faces may be searched in moving pictures now. Asked at each start, and again before each step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection, select

from regard.errors import AccessDeniedException
from regard.governance.authorizations.records import VOID, Authorization, Grant, Standing, Use, names
from regard.governance.authorizations.rows import read_authorizations
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.schema import authorization_scope as scopes
from regard.storage.schema import authorizations as table

_OF_VIDEOS: Final = select(scopes.c.authorization_id, scopes.c.value).where(scopes.c.kind == "videos")


class Grants:
    """What the authorizations of one database allow at the moment of asking.

    A live search asks `admit` when it starts, and `check` once a second from then on. `clock` tells
    milliseconds since the epoch.
    """

    def __init__(self, database: Database, clock: Callable[[], int] = milliseconds) -> None:
        self._database = database
        self._clock = clock

    def admit(self, use: Use) -> Grant:
        """Leave for a use that begins; of several authorizations the one that an authority has allowed, and
        that holds longest. Raises AccessDeniedException where none covers it now.
        """
        now = self._clock()
        with self._database.read() as connection:
            of_case = read_authorizations(connection, case_id=use.case_id)
        holding = [one for one in of_case if one.holds(now) and one.scope.covers(use)]
        if not holding:
            raise AccessDeniedException(
                f"No authorization of the case {use.case_id} covers {use.place} and this collection now; "
                "ask for one (`regard authorizations request`)."
            )
        return max(holding, key=lambda one: (one.state(now) is Standing.ACTIVE, one.until)).grant()

    def check(self, authorization_id: str | None, use: Use) -> Grant:
        """Leave to go on with a use that began under an authorization, or under one that it was extended to.

        Raises AccessDeniedException where it holds no longer, or never was.
        """
        if authorization_id is None:
            raise AccessDeniedException(
                f"The search of {use.place} was started without an authorization; start it again."
            )
        with self._database.read() as connection:
            found = self._holding(connection, authorization_id)
        if found.case_id != use.case_id or not found.scope.covers(use):
            raise AccessDeniedException(
                f"The authorization {authorization_id} doesn't cover {use.place} and this collection."
            )
        return found.grant()

    def check_step(self, connection: Connection, authorization_id: str) -> None:
        """Raises AccessDeniedException unless what was found under an authorization may be kept now.

        Called in the transaction that keeps it: whoever ends the authorization waits for it, or came first.
        """
        locked = select(table.c.authorization_id).where(table.c.authorization_id == authorization_id)
        connection.execute(locked.with_for_update(read=True))
        self._holding(connection, authorization_id)

    def check_readable(self, authorization_id: str) -> str:
        """The purpose under which results of an authorization are read.

        Raises AccessDeniedException where they are erased, or are about to be.
        """
        with self._database.read() as connection:
            found = next(iter(read_authorizations(connection, authorization_id)), None)
        if found is None:
            raise AccessDeniedException(f"There is no authorization {authorization_id} any more.")
        state = found.state(self._clock())
        if state in VOID:
            raise AccessDeniedException(
                f"The authorization {authorization_id} is {state}: what was found under it is erased."
            )
        return found.purpose

    def cases_with_video(self, video: str) -> list[str]:
        """The cases on which a video, `bucket/name`, was or is to be searched, by authorizations that weren't
        refused.
        """
        now = self._clock()
        with self._database.read() as connection:
            naming = [
                row.authorization_id for row in connection.execute(_OF_VIDEOS) if names(row.value, video)
            ]
            found = [read_authorizations(connection, one)[0] for one in dict.fromkeys(naming)]
        return sorted({one.case_id for one in found if one.state(now) not in VOID})

    def _holding(self, connection: Connection, authorization_id: str) -> Authorization:
        """The authorization, or the last that it was extended to, which holds now."""
        following: str | None = authorization_id
        found: Authorization | None = None
        while following is not None:
            found = next(iter(read_authorizations(connection, following)), None)
            following = None if found is None else found.extended_by
        now = self._clock()
        if found is None or not found.holds(now):
            how = "gone" if found is None else _how(found, now)
            raise AccessDeniedException(f"The authorization {authorization_id} is {how}; the search ends.")
        return found


def _how(found: Authorization, now: int) -> str:
    state = found.state(now)
    return "over" if now >= found.until else str(state)
