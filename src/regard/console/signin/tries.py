"""How often somebody may try to sign in."""

from __future__ import annotations

from typing import Any, Final

import structlog
from sqlalchemy import Connection, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from regard.caller import Person
from regard.console.languages import msgid
from regard.errors import ServiceError, ThrottlingException
from regard.storage.backend import Turn
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import sign_in_tries

MINUTES: Final = 15
TRIES: Final = 5
"""Of one name from one network."""
ADDRESS_TRIES: Final = 30
"""Of one network, whatever the names: several people may share it."""
_WINDOW: Final = MINUTES * 60_000
_SIGNED_IN: Final = "signed in"  # in place of a network, and like none
_NOBODY: Final = "nobody"

log: Any = structlog.get_logger(__name__)


class SignInTries:
    """Counts of one database, so that more servers give nobody more tries.

    A try is counted before it is made, so that a hundred at once are a hundred; who succeeds begins anew.
    """

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def take(self, name: str, network: str) -> None:
        """Counts a try of a name. Raises ThrottlingException where there were too many."""
        self._take((self._of(name, network), TRIES), (self._of("", network), ADDRESS_TRIES))

    def take_address(self, network: str) -> None:
        """Counts a try that names nobody. Raises ThrottlingException where there were too many."""
        self._take((self._of("", network), ADDRESS_TRIES))

    def take_own(self, person: Person) -> None:
        """Counts a try of who is signed in already, whom no stranger of the same network keeps out. Raises
        ThrottlingException where there were too many.
        """
        self._take((self._of(person.person_id, _SIGNED_IN), TRIES))

    def write_for_nobody(self) -> None:
        """Writes as durably, and in the same turn, as the log records a try of somebody that failed: without
        it an answer that comes sooner would say that there is no such name.
        """
        with self._database.write(turn=Turn.AUDIT) as connection:
            _count(connection, self._of("", _NOBODY), milliseconds())

    def give_back(self, name: str, network: str) -> None:
        """Forgets the tries of who succeeded, "" for a name that wasn't given; those of others stay."""
        self._give_back(self._of(name, network) if name else None, self._of("", network))

    def give_back_own(self, person: Person) -> None:
        """Forgets the tries of who has shown again that it is them."""
        self._give_back(self._of(person.person_id, _SIGNED_IN), None)

    def _give_back(self, forgotten: str | None, fewer: str | None) -> None:
        """Changes counts in the order of `take`, so that of two neither waits for the other for ever.

        Raises nothing: who succeeded comes in, since the code that they have shown is used up.
        """
        try:
            with self._database.write() as connection:
                if forgotten is not None:
                    connection.execute(sign_in_tries.delete().where(sign_in_tries.c.holder == forgotten))
                if fewer is not None:
                    one_less = update(sign_in_tries).values(tries=sign_in_tries.c.tries - 1)
                    connection.execute(one_less.where(sign_in_tries.c.holder == fewer))
        except ServiceError as error:
            log.warning("tries of who succeeded still count", error=error.message)

    def _take(self, *limits: tuple[str, int]) -> None:
        now = milliseconds()
        with self._database.write() as connection:
            counts = [(_count(connection, holder, now), limit) for holder, limit in limits]
        self._forget_old(now)
        if any(count > limit for count, limit in counts):
            raise ThrottlingException(msgid("There were too many tries. Wait 15 minutes and try again."))

    def _forget_old(self, now: int) -> None:
        """In a transaction of its own, and past what others are changing: it has no order to keep then."""
        old = select(sign_in_tries.c.holder).where(sign_in_tries.c.began < now - _WINDOW)
        with self._database.write() as connection:
            gone = sign_in_tries.c.holder.in_(old.with_for_update(skip_locked=True))
            connection.execute(sign_in_tries.delete().where(gone))

    def _of(self, name: str, network: str) -> str:
        """Whom a count is of: the table tells neither names nor addresses."""
        return self._cipher.digest(f"{name.casefold()}\0{network}".encode(), "sign-in")


def _count(connection: Connection, holder: str, now: int) -> int:
    """One more try of a holder, and how many there are now: by one statement, so that none is missed."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(sign_in_tries).values(holder=holder, tries=1, began=now)
    is_old = sign_in_tries.c.began < now - _WINDOW
    counted = added.on_conflict_do_update(
        index_elements=[sign_in_tries.c.holder],
        set_={
            "tries": case((is_old, 1), else_=sign_in_tries.c.tries + 1),
            "began": case((is_old, now), else_=sign_in_tries.c.began),
        },
    ).returning(sign_in_tries.c.tries)
    return int(connection.execute(counted).scalar_one())
