"""The second factor of a person: six digits that their telephone shows for half a minute (RFC 6238).

A code is taken once. After five wrong ones nobody gets further for a quarter of an hour.
"""

from __future__ import annotations

from typing import Final

import pyotp
from sqlalchemy import select, update

from regard.caller import Person
from regard.errors import AccessDeniedException, ConflictException, ResourceNotFoundException
from regard.governance.people import sign_out
from regard.storage.clock import milliseconds
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.storage.schema import passkeys, passwords, people, provider_identities, recovery_codes, sessions

_STEP: Final = 30_000  # milliseconds
_MAX_FAILURES: Final = 5
_LOCKED: Final = 15 * 60 * 1000
_NEIGHBOURS: Final = (0, -1, 1)  # steps that a telephone's clock may be off


class SecondFactors:
    """The second factors of one database; their secrets are encrypted."""

    def __init__(self, database: Database, cipher: Cipher) -> None:
        self._database = database
        self._cipher = cipher

    def set_up(self, person: Person) -> str:
        """Makes somebody's secret, and answers it as the URI that authenticator programs read.

        Raises ConflictException where they have one: only who may reset it can have another made.
        """
        secret = pyotp.random_base32()
        self._keep(person, secret, 0)
        return provisioning_uri(secret, person.name)

    def adopt(self, person: Person, secret: str, step: int) -> None:
        """Makes a secret somebody's of which they have shown a code, whose time step isn't taken again.

        Raises ConflictException as `set_up` does.
        """
        self._keep(person, secret, step)

    def has(self, person: Person) -> bool:
        """Whether somebody has a second factor."""
        query = select(people.c.factor).where(people.c.person_id == person.person_id)
        with self._database.read() as connection:
            return connection.execute(query).scalar() is not None

    def _keep(self, person: Person, secret: str, step: int) -> None:
        encrypted = self._cipher.encrypt(secret.encode(), person.person_id)
        with self._database.write() as connection:
            done = connection.execute(
                update(people)
                .where(people.c.person_id == person.person_id, people.c.factor.is_(None))
                .values(factor=encrypted, factor_step=step, failures=0, locked_until=0)
            ).rowcount
        if not done:
            raise ConflictException(
                f"{person.name} has a second factor already; an administrator can reset it."
            )

    def reset(self, person: Person) -> None:
        """Forgets somebody's second factor and whatever else they sign in with, and ends their sessions."""
        with self._database.write() as connection:
            connection.execute(
                update(people).where(people.c.person_id == person.person_id).values(factor=None)
            )
            for table in (sessions, passkeys, passwords, provider_identities, recovery_codes):
                connection.execute(table.delete().where(table.c.person_id == person.person_id))
            sign_out(connection, person.person_id)

    def check(self, person: Person, code: str) -> None:
        """Takes a code. Raises AccessDeniedException for a wrong one, one that was used, or none set up."""
        now = milliseconds()
        with self._database.write() as connection:
            # Changed before it is read, so that two codes are never checked at the same time.
            connection.execute(
                update(people)
                .where(people.c.person_id == person.person_id)
                .values(failures=people.c.failures)
            )
            row = connection.execute(select(people).where(people.c.person_id == person.person_id)).first()
            if row is None:
                raise ResourceNotFoundException(f"There is no person {person.person_id}.")
            if row.factor is None:
                raise AccessDeniedException(
                    f"{person.name} has no second factor yet; set one up with `regard people factor`."
                )
            if row.locked_until > now:
                raise AccessDeniedException(
                    "There were too many wrong codes; wait a quarter of an hour and try again."
                )
            totp = pyotp.TOTP(self._cipher.decrypt(row.factor, person.person_id).decode())
            step = _matching_step(totp, code, now // _STEP)
            if step is not None and step > row.factor_step:
                changed = {"factor_step": step, "failures": 0}
            else:
                step = None
                failures = row.failures + 1
                locked = now + _LOCKED if failures >= _MAX_FAILURES else row.locked_until
                changed = {"failures": failures % _MAX_FAILURES, "locked_until": locked}
            connection.execute(update(people).where(people.c.person_id == person.person_id).values(changed))
        if step is None:
            raise AccessDeniedException("The code is wrong, or was used before; wait for the next one.")


def provisioning_uri(secret: str, name: str) -> str:
    """A secret as authenticator programs read it, otpauth://, under a person's name."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Regard")


def check_code(secret: str, code: str) -> int:
    """The time step of a code of a secret. Raises AccessDeniedException for a wrong one."""
    step = _matching_step(pyotp.TOTP(secret), code, milliseconds() // _STEP)
    if step is None:
        raise AccessDeniedException("The code is wrong; type the one that the telephone shows now.")
    return step


def _matching_step(totp: pyotp.TOTP, code: str, step: int) -> int | None:
    """The time step that a code belongs to. All are compared, in constant time."""
    matching = None
    for near in (step + offset for offset in _NEIGHBOURS):
        if pyotp.utils.strings_equal(totp.generate_otp(near), code):
            matching = near
    return matching
