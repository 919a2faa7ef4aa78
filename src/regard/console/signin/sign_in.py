"""Signing in and out, and showing again that it is the same person. Whatever happens is in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from regard.caller import Person
from regard.console.languages import msgid
from regard.console.signin.passkeys import Passkeys
from regard.console.signin.passwords import Passwords
from regard.console.signin.places import PasskeyPlace
from regard.console.signin.recovery import RecoveryCodes
from regard.console.signin.sessions import BrowserSessions, Means, ProviderSession, SignedIn
from regard.console.signin.tries import SignInTries
from regard.errors import AccessDeniedException, ResourceNotFoundException
from regard.governance.people import People
from regard.governance.second_factor import SecondFactors
from regard.governance.sign_in_log import SIGN_IN, SIGN_OUT, VERIFY, SignInLog

_STRANGER: Final = "sign-in of nobody"
_CODE_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Arrival:
    """A browser from which somebody signs in.

    `network` is where it asks from, `before` the token that it had, which ends.
    """

    network: str
    before: str | None = None


class SignIn:
    """The ways in. All failures are answered alike, so that nobody learns which names there are."""

    def __init__(
        self,
        *,
        people: People,
        sessions: BrowserSessions,
        factors: SecondFactors,
        passwords: Passwords,
        recovery: RecoveryCodes,
        passkeys: Passkeys,
        tries: SignInTries,
        log: SignInLog,
        count_stranger: Callable[[str], None],
    ) -> None:
        """`count_stranger` counts tries that are no known person's: with a record for each, strangers could
        fill the log.
        """
        self._people = people
        self._sessions = sessions
        self._factors = factors
        self._passwords = passwords
        self._recovery = recovery
        self._passkeys = passkeys
        self._tries = tries
        self._log = log
        self._count_stranger = count_stranger

    def by_password(self, arrival: Arrival, name: str, password: str, code: str) -> str:
        """The token of a new session of whoever knows a password, and a code of its person's second factor or
        a recovery code.

        Raises AccessDeniedException, and ThrottlingException after too many tries.
        """
        person = self._named(name)
        name = name if person is None else person.name  # an id gives nobody more tries
        self._tries.take(name, arrival.network)
        is_right = self._passwords.is_right(person, password)
        if person is None:
            self._count_stranger(_STRANGER)
            self._tries.write_for_nobody()
            raise _refused()
        self._refuse_suspended(arrival, person)
        if not is_right:
            self._log.refused(SIGN_IN, person, arrival.network, "password")
            raise _refused()
        means = self._check_code(arrival, person, code, SIGN_IN)
        self._tries.give_back(name, arrival.network)
        return self.open(arrival, person, means)

    def by_passkey(self, arrival: Arrival, place: PasskeyPlace, response: str) -> str:
        """The token of a new session of whoever has a passkey.

        Raises AccessDeniedException, and ThrottlingException after too many tries.
        """
        self._tries.take_address(arrival.network)
        try:
            person = self._people.get(self._passkeys.check(place, response))
        except AccessDeniedException:
            self._count_stranger(_STRANGER)
            raise
        self._refuse_suspended(arrival, person)
        self._tries.give_back("", arrival.network)
        return self.open(arrival, person, Means.PASSKEY)

    def open(
        self,
        arrival: Arrival,
        person: Person,
        means: Means,
        *,
        verified: int | None = None,
        account: ProviderSession | None = None,
    ) -> str:
        """The token of a new session of somebody who has shown that it is them, `verified` and `account` as
        sessions have them.
        """
        token = self._sessions.open(person, means, before=arrival.before, verified=verified, account=account)
        self._log.done(SIGN_IN, person, arrival.network, means=means)
        return token

    def check_second(self, arrival: Arrival, person: Person, code: str) -> Means:
        """Takes a code, or a recovery code, of whom the identity provider has named. Raises as `by_password`
        does.
        """
        self._tries.take(person.name, arrival.network)
        means = self._check_code(arrival, person, code, SIGN_IN)
        self._tries.give_back(person.name, arrival.network)
        return means

    def check_passkey(self, arrival: Arrival, person: Person, place: PasskeyPlace, response: str) -> None:
        """Takes a passkey of theirs, and nobody else's. Raises as `by_passkey` does."""
        self._tries.take(person.name, arrival.network)
        try:
            self._passkeys.check(place, response, person.person_id)
        except AccessDeniedException:
            self._log.refused(SIGN_IN, person, arrival.network, "passkey")
            raise
        self._tries.give_back(person.name, arrival.network)

    def verify_by_code(self, arrival: Arrival, signed_in: SignedIn, token: str, code: str) -> None:
        """Takes a code, or a recovery code, of somebody who is signed in. Raises as `by_password` does."""
        person = signed_in.person
        self._tries.take_own(person)
        means = self._check_code(arrival, person, code, VERIFY)
        self._tries.give_back_own(person)
        self._verified(arrival, person, token, means)

    def verify_by_passkey(
        self, arrival: Arrival, signed_in: SignedIn, token: str, place: PasskeyPlace, response: str
    ) -> None:
        """Takes a passkey of somebody who is signed in, and nobody else's. Raises as `by_passkey` does."""
        self._tries.take_own(signed_in.person)
        try:
            self._passkeys.check(place, response, signed_in.person.person_id)
        except AccessDeniedException:
            self._log.refused(VERIFY, signed_in.person, arrival.network, "passkey")
            raise
        self._tries.give_back_own(signed_in.person)
        self._verified(arrival, signed_in.person, token, Means.PASSKEY)

    def sign_out(self, arrival: Arrival, signed_in: SignedIn, token: str) -> None:
        """Ends the session of a token."""
        self._sessions.close(token)
        self._log.done(SIGN_OUT, signed_in.person, arrival.network)

    def sign_out_everywhere(self, arrival: Arrival, signed_in: SignedIn) -> None:
        """Ends every session of somebody."""
        self._sessions.close_all(signed_in.person.person_id)
        self._log.done(SIGN_OUT, signed_in.person, arrival.network, everywhere=True)

    def _verified(self, arrival: Arrival, person: Person, token: str, means: Means) -> None:
        self._sessions.verify(token)
        self._log.done(VERIFY, person, arrival.network, means=means)

    def _check_code(self, arrival: Arrival, person: Person, code: str, act: str) -> Means:
        plain = "".join(code.split())
        if not plain.isdigit() or len(plain) != _CODE_DIGITS:
            if self._recovery.use(person, code):
                return Means.RECOVERY
            self._log.refused(act, person, arrival.network, "recovery code")
            raise _refused()
        try:
            self._factors.check(person, plain)
        except AccessDeniedException as error:
            self._log.refused(act, person, arrival.network, "code")
            raise _refused() from error
        return Means.CODE

    def _refuse_suspended(self, arrival: Arrival, person: Person) -> None:
        if person.suspended is not None:
            self._log.refused(SIGN_IN, person, arrival.network, "suspended")
            raise _refused()

    def _named(self, name: str) -> Person | None:
        try:
            return self._people.get(name)
        except ResourceNotFoundException:
            return None


def _refused() -> AccessDeniedException:
    return AccessDeniedException(
        msgid("That is not right. Check name and password, and wait for the next code: each is good once.")
    )
