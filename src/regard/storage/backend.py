"""What SQLite and PostgreSQL have in common for `Database`, and the words for their failures."""

from __future__ import annotations

from contextlib import AbstractContextManager
from enum import IntEnum
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from regard.errors import InternalServerError, RegardError, ServiceError, ThrottlingException

BUSY_SECONDS = 30.0  # how long a writer waits for another one
CONNECTIONS = 16


class Turn(IntEnum):
    """What writers of all servers do one after another. The numbers are PostgreSQL's advisory locks."""

    MIGRATE = 0x52_47_52_44_01
    AUDIT = 0x52_47_52_44_02
    JOBS = 0x52_47_52_44_03
    AUTHORIZATIONS = 0x52_47_52_44_04
    STREAMS = 0x52_47_52_44_05
    QUOTAS = 0x52_47_52_44_06


class Backend(Protocol):
    """One kind of database, at one place.

    Its engine begins a transaction as the connection's execution options say: `regard_write`, a bool, and
    `regard_turns`, a tuple of the Turns that the transaction then holds to its end.
    """

    engine: Engine

    def failure(self, error: DBAPIError) -> ServiceError | None:
        """What a client is told of an error, or None for one that is ours."""

    def refusal(self, error: DBAPIError) -> RegardError:
        """Why the database can't be opened, for whoever started Regard."""

    def check(self, connection: Connection) -> None:
        """Raises RegardError where the database is not fit for Regard."""

    def migration(self) -> AbstractContextManager[Connection]:
        """A connection in a write transaction that may change the schema: one at a time over all servers."""

    def hold(self, name: str) -> AbstractContextManager[None]:
        """See Database.hold."""

    def forget(self) -> None:
        """Removes what was erased from the database's own records of changes."""


def busy() -> ServiceError:
    return ThrottlingException("The database is busy. Try your call again.")


def unreachable() -> ServiceError:
    return InternalServerError("The database can't be reached. Try your call again.")


def full() -> ServiceError:
    return InternalServerError("The disk of the database is full. Make room on it and try your call again.")


def unwritable() -> ServiceError:
    return InternalServerError("The database can't be written. See to its disk and try your call again.")
