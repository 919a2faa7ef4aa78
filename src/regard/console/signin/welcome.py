"""Letting somebody in by a link: the first administrator, and everybody who was invited."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from regard.caller import Person
from regard.console.languages import msgid
from regard.console.signin.oidc.id_tokens import ProvenIdentity
from regard.console.signin.passkeys import NewPasskey, Passkeys
from regard.console.signin.passwords import Passwords, check_new
from regard.console.signin.places import PasskeyPlace
from regard.console.signin.proposed_factor import ProposedFactors
from regard.console.signin.recovery import RecoveryCodes
from regard.console.signin.sessions import Means
from regard.console.signin.sign_in import Arrival, SignIn
from regard.errors import AccessDeniedException
from regard.governance.invitations import Invitation, Invitations
from regard.governance.people import People
from regard.governance.second_factor import SecondFactors, check_code


@dataclass(frozen=True, slots=True)
class Guest:
    """Whoever has followed a link. `person` is None for the first administrator, who has no name yet. With
    `has_factor` they have to show a code of theirs, whatever they come to sign in with.
    """

    invitation: Invitation
    person: Person | None
    has_factor: bool

    @property
    def whom(self) -> str:
        """For whom challenges of the link are, so that none is answered by way of another link."""
        return "link " + hashlib.sha256(self.invitation.code.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Welcomed:
    """Somebody who was let in: the token of their session, and their recovery codes, both shown once."""

    person: Person
    token: str = field(repr=False)
    recovery_codes: list[str] = field(repr=False)


class Welcome:
    """Turns a link into an account. A link is used up when all else was right, and by one who comes first."""

    def __init__(
        self,
        *,
        invitations: Invitations,
        people: People,
        factors: SecondFactors,
        passwords: Passwords,
        recovery: RecoveryCodes,
        passkeys: Passkeys,
        proposals: ProposedFactors,
        sign_in: SignIn,
        make_first: Callable[[str], None],
    ) -> None:
        """`make_first` makes a person of a name, who is an administrator; it raises ServiceError."""
        self._invitations = invitations
        self._people = people
        self._factors = factors
        self._passwords = passwords
        self._recovery = recovery
        self._passkeys = passkeys
        self._proposals = proposals
        self._sign_in = sign_in
        self._make_first = make_first

    def guest(self, code: str) -> Guest:
        """Whom a link lets in.

        Raises AccessDeniedException for one that is used up, and for who was suspended meanwhile.
        """
        try:
            invitation = self._invitations.find(code)
        except AccessDeniedException as error:
            raise AccessDeniedException(_used()) from error
        if invitation.person_id is None:
            return Guest(invitation, None, has_factor=False)
        person = self._people.get(invitation.person_id)
        if person.suspended is not None:
            raise AccessDeniedException(f"{person.name} is suspended; ask an administrator.")
        return Guest(invitation, person, self._factors.has(person))

    def by_password(
        self, arrival: Arrival, guest: Guest, name: str, password: str, sealed: str, code: str
    ) -> Welcomed:
        """Lets a guest in who chose a password and has shown a code of their second factor.

        Raises ServiceError for what isn't good; the link is good again then.
        """
        check_new(password, name if guest.person is None else guest.person.name)
        secret = None if guest.has_factor else self._proposals.read(guest.whom, sealed).secret
        step = 0 if secret is None else check_code(secret, code)
        person = self._let_in(guest, name, code)
        if secret is not None:
            self._factors.adopt(person, secret, step)
        self._passwords.choose(person, password)
        codes = self._recovery.renew(person)
        return Welcomed(person, self._sign_in.open(arrival, person, Means.CODE), codes)

    def by_passkey(
        self, arrival: Arrival, guest: Guest, name: str, place: PasskeyPlace, response: str, code: str
    ) -> Welcomed:
        """Lets a guest in whose browser has made a passkey. Raises as `by_password` does."""
        made: NewPasskey = self._passkeys.check_new(place, response, guest.whom)
        person = self._let_in(guest, name, code)
        self._passkeys.add(person, made, "")
        return Welcomed(person, self._sign_in.open(arrival, person, Means.PASSKEY), [])

    def by_provider(
        self,
        arrival: Arrival,
        guest: Guest,
        name: str,
        proven: ProvenIdentity,
        *,
        bind: Callable[[Person, ProvenIdentity], None],
        holder: str = "",
        sealed: str = "",
        code: str = "",
    ) -> Welcomed:
        """Lets a guest in whom the identity provider knows; `bind` makes the account there theirs.

        Where it says of no second factor, they have shown a `code` of theirs, or of a new one, `sealed` for
        `holder`. Raises as `by_password` does, and ConflictException where the account is somebody's already.
        """
        is_new = not proven.has_second_factor and not guest.has_factor
        secret = self._proposals.read(holder, sealed).secret if is_new else None
        step = 0 if secret is None else check_code(secret, code)
        person = self._let_in(guest, name, code)
        try:
            bind(person, proven)
        except BaseException:
            self._invitations.put_back(guest.invitation)
            raise
        codes = []
        if secret is not None:
            self._factors.adopt(person, secret, step)
            codes = self._recovery.renew(person)
        account = proven.session
        if secret is not None or guest.has_factor:
            return Welcomed(person, self._sign_in.open(arrival, person, Means.CODE, account=account), codes)
        when = (proven.authenticated or 0) * 1000
        token = self._sign_in.open(arrival, person, Means.PROVIDER, verified=when, account=account)
        return Welcomed(person, token, codes)

    def _let_in(self, guest: Guest, name: str, code: str) -> Person:
        """Uses the link up, and answers whose it was, who is made where it is the first administrator."""
        if guest.person is not None and guest.has_factor:
            self._factors.check(guest.person, code)
        self._invitations.take(guest.invitation.code)
        if guest.person is not None:
            return guest.person
        try:
            self._make_first(name)
        except BaseException:
            self._invitations.put_back(guest.invitation)
            raise
        return self._people.get(name)


def _used() -> str:
    return msgid(
        "This link was used, or its 24 hours are over. Ask an administrator for another one. The first "
        "administrator's link is printed when the server starts."
    )
