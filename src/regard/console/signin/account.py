"""What somebody signs in with, as they change it themself. Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Sequence

from regard.caller import Person
from regard.console.languages import msgid
from regard.console.signin.oidc.identities import ProviderIdentities
from regard.console.signin.oidc.provider_settings import ProviderSettings
from regard.console.signin.passkeys import Passkey, Passkeys
from regard.console.signin.passwords import Passwords, check_new
from regard.console.signin.places import PasskeyPlace
from regard.console.signin.proposed_factor import ProposedFactors
from regard.console.signin.recovery import RecoveryCodes
from regard.console.signin.sessions import BrowserSessions, SignedIn
from regard.console.signin.sign_in import Arrival
from regard.errors import ConflictException, ResourceNotFoundException
from regard.governance.people import People
from regard.governance.second_factor import SecondFactors, check_code
from regard.governance.sign_in_log import CHANGE, SignInLog


class OwnAccount:
    """Changes of one's own account, for who has just shown that it is theirs.

    What is taken away ends the person's sessions in other browsers: somebody else may be in one of them.
    """

    def __init__(
        self,
        *,
        people: People,
        sessions: BrowserSessions,
        factors: SecondFactors,
        passwords: Passwords,
        recovery: RecoveryCodes,
        passkeys: Passkeys,
        proposals: ProposedFactors,
        identities: ProviderIdentities,
        provider: ProviderSettings | None,
        log: SignInLog,
    ) -> None:
        """`provider` is the identity provider by which people sign in now, if there is one."""
        self.passkeys = passkeys
        self.passwords = passwords
        self.recovery = recovery
        self.sessions = sessions
        self.proposals = proposals
        self.identities = identities
        self._provider = provider
        self._people = people
        self._factors = factors
        self._log = log

    def add_passkey(
        self, arrival: Arrival, signed_in: SignedIn, place: PasskeyPlace, response: str, name: str
    ) -> None:
        """Gives the person a passkey that their browser has made. Raises ServiceError."""
        person = signed_in.person
        self.passkeys.add(person, self.passkeys.check_new(place, response, person.person_id), name)
        self._log.done(CHANGE, person, arrival.network, what="passkey added")

    def remove_passkey(self, arrival: Arrival, signed_in: SignedIn, token: str, credential_id: str) -> None:
        """Forgets a passkey. Raises ConflictException for the last way in, and ResourceNotFoundException."""
        person = signed_in.person
        others = [one for one in self.passkeys.of(person.person_id) if one.credential_id != credential_id]
        if not (others or self._has_password(person) or self._has_provider(person, others)):
            raise _only_way()
        if not self.passkeys.remove(person.person_id, credential_id):
            raise ResourceNotFoundException(msgid("There is no such passkey."))
        self.sessions.close_others(person.person_id, token)
        self._log.done(CHANGE, person, arrival.network, what="passkey removed")

    def remove_identity(self, arrival: Arrival, signed_in: SignedIn, token: str, subject: str) -> None:
        """Forgets an account at the identity provider. Raises as `remove_passkey` does."""
        person = signed_in.person
        owned = self.passkeys.of(person.person_id)
        if not (owned or self._has_password(person) or self._has_provider(person, owned, but=subject)):
            raise _only_way()
        if not self.identities.remove(person.person_id, subject):
            raise ResourceNotFoundException(msgid("There is no such account."))
        self.sessions.close_others(person.person_id, token)
        self._log.done(CHANGE, person, arrival.network, what="provider account removed")

    def choose_password(
        self, arrival: Arrival, signed_in: SignedIn, token: str, password: str, sealed: str, code: str
    ) -> list[str]:
        """Gives the person a password, and a second factor where they have none.

        Answers new recovery codes where they had none left, which are shown this once. Raises ServiceError.
        """
        person = signed_in.person
        check_new(password, person.name)
        if not self._factors.has(person):
            secret = self.proposals.read(person.person_id, sealed).secret
            self._factors.adopt(person, secret, check_code(secret, code))
        self.passwords.choose(person, password)
        self.sessions.close_others(person.person_id, token)
        self._log.done(CHANGE, person, arrival.network, what="password")
        return [] if self.recovery.left(person) else self.renew_codes(arrival, signed_in)

    def renew_codes(self, arrival: Arrival, signed_in: SignedIn) -> list[str]:
        """New recovery codes in place of all before, shown this once."""
        codes = self.recovery.renew(signed_in.person)
        self._log.done(CHANGE, signed_in.person, arrival.network, what="recovery codes")
        return codes

    def has_factor(self, signed_in: SignedIn) -> bool:
        """Whether the person has a second factor."""
        return self._factors.has(signed_in.person)

    def has_own_factor(self, person: Person) -> bool:
        """Whether somebody has a second factor here, whoever is signed in."""
        return self._factors.has(person)

    def choose_language(self, signed_in: SignedIn, language: str | None) -> None:
        """Keeps in which language they read the console."""
        self._people.choose_language(signed_in.person.person_id, language)

    def _has_password(self, person: Person) -> bool:
        return self._factors.has(person) and self.passwords.has(person)

    def _has_provider(self, person: Person, owned: Sequence[Passkey], *, but: str | None = None) -> bool:
        """Whether they can sign in by the provider that there is now, by another account than `but`, with a
        second factor there or here: a code, or one of the passkeys `owned`.
        """
        provider = self._provider
        if provider is None or not (provider.has_second_factor or owned or self._factors.has(person)):
            return False
        accounts = self.identities.of(person.person_id)
        return any(one.issuer == provider.issuer and one.subject != but for one in accounts)


def _only_way() -> ConflictException:
    return ConflictException(
        msgid("This is your only way to sign in. Add another passkey or a password first.")
    )
