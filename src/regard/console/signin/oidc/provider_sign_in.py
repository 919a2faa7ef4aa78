"""Signing in, and showing again that it is the same person, at the identity provider. All of it is in the
audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from regard.caller import Person
from regard.console.languages import msgid
from regard.console.signin.oidc.back_channel import BackChannel
from regard.console.signin.oidc.id_tokens import ProvenIdentity, check_id_token
from regard.console.signin.oidc.identities import ProviderIdentities
from regard.console.signin.oidc.identity_provider import IdentityProvider, unverified
from regard.console.signin.oidc.round_trips import Aim, HalfWay, RoundTrip, RoundTrips, over
from regard.console.signin.oidc.signed_claims import SKEW
from regard.console.signin.sessions import HOURS, BrowserSessions, Means, SignedIn
from regard.console.signin.sign_in import Arrival, SignIn
from regard.console.signin.tries import SignInTries
from regard.errors import AccessDeniedException, ServiceError
from regard.governance.people import People
from regard.governance.sign_in_log import CHANGE, SIGN_IN, VERIFY, SignInLog

CALLBACK: Final = "/console/provider/callback"
_STRANGER: Final = "sign-in of nobody"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where to go, and what the browser keeps until it is back."""

    url: str
    sealed: str


class ProviderSignIn:
    """What comes of somebody whom the provider knows."""

    def __init__(
        self,
        *,
        provider: IdentityProvider,
        public_url: str,
        identities: ProviderIdentities,
        trips: RoundTrips,
        people: People,
        sessions: BrowserSessions,
        sign_in: SignIn,
        tries: SignInTries,
        log: SignInLog,
        count_stranger: Callable[[str], None],
        make: Callable[[str, tuple[str, ...]], None],
        back_channel: BackChannel,
    ) -> None:
        """`public_url` is REGARD_PUBLIC_URL: nobody comes back to anywhere else, whatever a request says that
        this server is called. `make` makes a person of a name and roles; it raises ServiceError.
        """
        self.provider = provider
        self.public_url = public_url
        self.identities = identities
        self.back_channel = back_channel
        self._trips = trips
        self._people = people
        self._sessions = sessions
        self._sign_in = sign_in
        self._tries = tries
        self._log = log
        self._count_stranger = count_stranger
        self._make = make

    @property
    def name(self) -> str:
        """What people call the provider."""
        return self.provider.settings.name

    @property
    def left_url(self) -> str | None:
        """Where one signs out of the provider too; None where it doesn't say."""
        place = self.provider.end_session
        if place is None:
            return None
        asked = {
            "client_id": self.provider.settings.client_id,
            "post_logout_redirect_uri": f"{self.public_url}/console/sign-in",
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    @property
    def can_verify(self) -> bool:
        """Whether the provider can say that a second factor was shown just now."""
        return self.provider.settings.has_second_factor

    def begin(self, trip: RoundTrip) -> Departure:
        """Where somebody is sent. Raises ServiceUnavailableException where the provider can't be asked."""
        settings = self.provider.settings
        asked = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": self.public_url + CALLBACK,
            "scope": " ".join(settings.scopes),
            "state": trip.state,
            "nonce": trip.nonce,
            "code_challenge": trip.challenge,
            "code_challenge_method": "S256",
            "max_age": str(HOURS * 3600),
        }
        if settings.acr:
            asked["acr_values"] = " ".join(settings.acr)
        if trip.aim in (Aim.VERIFY, Aim.BIND):
            asked |= {"prompt": "login", "max_age": "0"}
        place = self.provider.endpoints().authorization
        return Departure(f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}", self._trips.seal(trip))

    def come_back(
        self, arrival: Arrival, sealed: str, query: Mapping[str, str]
    ) -> tuple[RoundTrip, ProvenIdentity]:
        """Who has come back, by what the browser kept and what the provider gave it.

        Raises AccessDeniedException, ServiceUnavailableException, and ThrottlingException after too many
        tries. Only what this browser began is a try: a page elsewhere, with this address as its pictures,
        would else use up those of a whole network.
        """
        try:
            trip = self._trips.open(RoundTrip, sealed)
            if query.get("state") != trip.state:
                raise over()
            self._tries.take_address(arrival.network)
            self._trips.use_up(trip)
            proven = self._redeem(trip, query)
        except AccessDeniedException:
            self._count_stranger(_STRANGER)
            raise
        self._tries.give_back("", arrival.network)
        return trip, proven

    def _redeem(self, trip: RoundTrip, query: Mapping[str, str]) -> ProvenIdentity:
        provider = self.provider
        issuer = query.get("iss")  # RFC 9207
        if issuer is None and provider.endpoints().names_issuer:
            raise unverified()
        if issuer is not None and issuer != provider.settings.issuer:
            raise unverified()
        if "error" in query or "code" not in query:
            raise AccessDeniedException(
                msgid("Your organisation's sign-in let nobody in, or it was cancelled. Begin again.")
            )
        token = provider.redeem(query["code"], trip.verifier, self.public_url + CALLBACK)
        return check_id_token(provider, token, trip.nonce)

    def person_of(self, arrival: Arrival, proven: ProvenIdentity) -> Person:
        """Whose account it is. Raises AccessDeniedException where it is nobody's, or theirs who are
        suspended.
        """
        person_id = self.identities.find(proven.issuer, proven.subject)
        person = self._newcomer(arrival, proven) if person_id is None else self._people.find(person_id)
        if person is None:
            self._count_stranger(_STRANGER)
            raise AccessDeniedException(
                msgid(
                    "Nobody here has this account. Open the link of your invitation and choose it there, or "
                    "ask an administrator."
                )
            )
        if person.suspended is not None:
            self._log.refused(SIGN_IN, person, arrival.network, "suspended")
            raise AccessDeniedException(msgid("You are suspended here; ask an administrator."))
        return person

    def open(self, arrival: Arrival, person: Person, proven: ProvenIdentity) -> str:
        """The token of a new session of who has shown a second factor at the provider, when it says that they
        did.
        """
        when, account = (proven.authenticated or 0) * 1000, proven.session
        token = self._sign_in.open(arrival, person, Means.PROVIDER, verified=when, account=account)
        self.identities.note_use(proven)
        return token

    def wait(self, trip: RoundTrip, proven: ProvenIdentity) -> str:
        """What the browser keeps of who has yet to show a second factor here."""
        half = HalfWay(trip.aim, trip.next, proven.subject, proven.label, trip.whom, trip.name, proven.sid)
        return self._trips.seal(half)

    def read_half(self, sealed: str) -> tuple[HalfWay, ProvenIdentity]:
        """The same, when they come with one. Raises AccessDeniedException."""
        half = self._trips.open(HalfWay, sealed)
        issuer = self.provider.settings.issuer
        return half, ProvenIdentity(issuer, half.subject, half.label, None, False, None, half.sid)

    def finish(self, half: HalfWay) -> None:
        """Uses it up. Raises AccessDeniedException where it was before."""
        self._trips.use_up(half)

    def refuse_without_factor(self, arrival: Arrival, person: Person) -> AccessDeniedException:
        """Of who has shown a second factor nowhere, and has none here to show."""
        self._log.refused(SIGN_IN, person, arrival.network, "provider without a second factor")
        return AccessDeniedException(
            msgid(
                "Your organisation's sign-in did not say that you showed a second factor, and you have none "
                "here. Sign in there with yours, or ask an administrator."
            )
        )

    def verify(
        self, arrival: Arrival, signed_in: SignedIn, token: str, trip: RoundTrip, proven: ProvenIdentity
    ) -> None:
        """Takes what the provider says of somebody who is signed in. Raises AccessDeniedException unless it
        is the same person, in the same session, who has shown a second factor since they left.
        """
        person = signed_in.person
        is_theirs = self.identities.find(proven.issuer, proven.subject) == person.person_id
        if trip.whom != signed_in.session or not is_theirs or not self._is_fresh(trip, proven):
            self._log.refused(VERIFY, person, arrival.network, "provider")
            raise _stale()
        self._sessions.verify(token, account=proven.session)
        self._log.done(VERIFY, person, arrival.network, means=Means.PROVIDER)

    def bind(self, arrival: Arrival, signed_in: SignedIn, trip: RoundTrip, proven: ProvenIdentity) -> None:
        """Adds the account to what somebody signs in with who has shown here that it is them. Raises
        AccessDeniedException, and ConflictException where it is somebody's.
        """
        if trip.whom != signed_in.session:
            raise over()
        self.identities.bind(signed_in.person, proven)
        self._log.done(CHANGE, signed_in.person, arrival.network, what="provider account added")

    def _is_fresh(self, trip: RoundTrip, proven: ProvenIdentity) -> bool:
        when = proven.authenticated
        return proven.has_second_factor and when is not None and when >= trip.began // 1000 - SKEW

    def _newcomer(self, arrival: Arrival, proven: ProvenIdentity) -> Person | None:
        """Who is made a person by having come, where REGARD_OIDC has it; None for all others."""
        if proven.email is None or not proven.has_second_factor:
            return None
        domain = proven.email.rpartition("@")[2].lower()
        for one in self.provider.settings.newcomers:
            if one.domain == domain:
                try:
                    self._make(proven.email, one.roles)
                except ServiceError:  # an address that is no name, or somebody's who was invited
                    return None
                person = self._people.get(proven.email)
                self.identities.bind(person, proven)
                self._log.done(CHANGE, person, arrival.network, what="provider account added")
                return person
        return None


def _stale() -> ServiceError:
    return AccessDeniedException(
        msgid(
            "Your organisation's sign-in did not say that you have shown it just now, with a second factor. "
            "Begin again."
        )
    )
