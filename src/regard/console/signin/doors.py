"""Everything that sign-in consists of, built once for a server."""

from __future__ import annotations

from dataclasses import dataclass

from regard.caller import LOCAL
from regard.console.signin.account import OwnAccount
from regard.console.signin.challenges import Challenges
from regard.console.signin.oidc.back_channel import BackChannel
from regard.console.signin.oidc.identities import ProviderIdentities
from regard.console.signin.oidc.identity_provider import IdentityProvider
from regard.console.signin.oidc.provider_sign_in import ProviderSignIn
from regard.console.signin.oidc.round_trips import RoundTrips
from regard.console.signin.passkeys import Passkeys
from regard.console.signin.passwords import Passwords
from regard.console.signin.places import PasskeyPlaces
from regard.console.signin.proposed_factor import ProposedFactors
from regard.console.signin.recovery import RecoveryCodes
from regard.console.signin.sessions import BrowserSessions
from regard.console.signin.sign_in import SignIn
from regard.console.signin.tries import SignInTries
from regard.console.signin.welcome import Welcome
from regard.gate import Gate
from regard.governance.audit import AuditLog
from regard.governance.public_reads import PublicReads
from regard.governance.sign_in_log import SignInLog
from regard.storage.database import Database
from regard.storage.encryption import Cipher
from regard.stores import Accountability


@dataclass(frozen=True, slots=True)
class SignInDoors:
    """The ways in, and what is behind each. `places` are where passkeys are good; `provider` is None where
    there is no identity provider.
    """

    sessions: BrowserSessions
    sign_in: SignIn
    welcome: Welcome
    account: OwnAccount
    proposals: ProposedFactors
    passkeys: Passkeys
    places: PasskeyPlaces
    provider: ProviderSignIn | None = None

    @classmethod
    def of(
        cls,
        database: Database,
        cipher: Cipher,
        audit: AuditLog,
        accountability: Accountability,
        gate: Gate,
        public_reads: PublicReads,
        *,
        places: PasskeyPlaces,
        provider: IdentityProvider | None = None,
    ) -> SignInDoors:
        """Those of one database. The first administrator is made through the gate, as everybody is."""
        people, factors, log = accountability.people, accountability.factors, SignInLog(audit)
        sessions, passwords = BrowserSessions(database), Passwords(database)
        recovery, challenges = RecoveryCodes(database), Challenges(database, cipher)
        passkeys, tries = Passkeys(database, challenges), SignInTries(database, cipher)
        identities = ProviderIdentities(database)
        proposals = ProposedFactors(cipher)

        def make(name: str, roles: tuple[str, ...] = ("admin",)) -> None:
            gate.call("create_person", {"Name": name, "Roles": list(roles)}, LOCAL)

        sign_in = SignIn(
            people=people,
            sessions=sessions,
            factors=factors,
            passwords=passwords,
            recovery=recovery,
            passkeys=passkeys,
            tries=tries,
            log=log,
            count_stranger=public_reads.count,
        )
        welcome = Welcome(
            invitations=accountability.invitations,
            people=people,
            factors=factors,
            passwords=passwords,
            recovery=recovery,
            passkeys=passkeys,
            proposals=proposals,
            sign_in=sign_in,
            make_first=make,
        )
        account = OwnAccount(
            people=people,
            sessions=sessions,
            factors=factors,
            passwords=passwords,
            recovery=recovery,
            passkeys=passkeys,
            proposals=proposals,
            identities=identities,
            provider=None if provider is None or places.public_url is None else provider.settings,
            log=log,
        )
        by_provider = None
        if provider is not None and places.public_url is not None:
            by_provider = ProviderSignIn(
                provider=provider,
                public_url=places.public_url,
                identities=identities,
                trips=RoundTrips(cipher, challenges),
                people=people,
                sessions=sessions,
                sign_in=sign_in,
                tries=tries,
                log=log,
                count_stranger=public_reads.count,
                make=make,
                back_channel=BackChannel(database, provider, people, log, public_reads.count),
            )
        return cls(sessions, sign_in, welcome, account, proposals, passkeys, places, by_provider)
