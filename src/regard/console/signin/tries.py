"""How often somebody may try to sign in."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, update
from sqlalchemy.dialects import postgresql, sqlite

from regard.console.languages import msgid
from regard.errors import ThrottlingException
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

    def give_back(self, name: str, network: str) -> None:
        """Forgets the tries of who succeeded, "" for a name that wasn't given; those of others stay."""
        theirs, all_of_network = self._of(name, network), self._of("", network)
        fewer = update(sign_in_tries).values(tries=sign_in_tries.c.tries - 1)
        with self._database.write() as connection:
            connection.execute(fewer.where(sign_in_tries.c.holder == all_of_network))
            if name:
                connection.execute(sign_in_tries.delete().where(sign_in_tries.c.holder == theirs))

    def _take(self, *limits: tuple[str, int]) -> None:
        now = milliseconds()
        with self._database.write() as connection:
            connection.execute(sign_in_tries.delete().where(sign_in_tries.c.began < now - _WINDOW))
            counts = [(_count(connection, holder, now), limit) for holder, limit in limits]
        if any(count > limit for count, limit in counts):
            raise ThrottlingException(msgid("There were too many tries. Wait 15 minutes and try again."))

    def _of(self, name: str, network: str) -> str:
        """Whom a count is of: the table tells neither names nor addresses."""
        return self._cipher.digest(f"{name.casefold()}\0{network}".encode(), "sign-in")


def _count(connection: Connection, holder: str, now: int) -> int:
    """One more try of a holder, and how many there are now: by one statement, so that none is missed."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    added = dialect.insert(sign_in_tries).values(holder=holder, tries=1, began=now)
    counted = added.on_conflict_do_update(
        index_elements=[sign_in_tries.c.holder], set_={"tries": sign_in_tries.c.tries + 1}
    ).returning(sign_in_tries.c.tries)
    return int(connection.execute(counted).scalar_one())
