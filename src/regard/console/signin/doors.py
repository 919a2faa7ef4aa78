"""Everything that sign-in consists of, built once for a server."""

from __future__ import annotations

from dataclasses import dataclass

from regard.caller import LOCAL
from regard.console.signin.account import OwnAccount
from regard.console.signin.challenges import Challenges
from regard.console.signin.passkeys import Passkeys
from regard.console.signin.passwords import Passwords
from regard.console.signin.places import PasskeyPlaces
from regard.console.signin.proposed_factor import ProposedFactors
from regard.console.signin.recovery import RecoveryCodes
from regard.console.signin.sessions import BrowserSessions
from regard.console.signin.sign_in import SignIn
from regard.console.signin.tries import SignInTries
from regard.console.signin.welcome import Welcome
from regard.context import Accountability
from regard.gate import Gate
from regard.governance.audit import AuditLog
from regard.governance.public_reads import PublicReads
from regard.governance.sign_in_log import SignInLog
from regard.storage.database import Database
from regard.storage.encryption import Cipher


@dataclass(frozen=True, slots=True)
class SignInDoors:
    """The ways in, and what is behind each. `places` are where passkeys are good."""

    sessions: BrowserSessions
    sign_in: SignIn
    welcome: Welcome
    account: OwnAccount
    proposals: ProposedFactors
    passkeys: Passkeys
    places: PasskeyPlaces

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
    ) -> SignInDoors:
        """Those of one database. The first administrator is made through the gate, as everybody is."""
        people, factors, log = accountability.people, accountability.factors, SignInLog(audit)
        sessions, passwords = BrowserSessions(database), Passwords(database)
        recovery, passkeys = RecoveryCodes(database), Passkeys(database, Challenges(database, cipher))
        proposals = ProposedFactors(cipher)

        def make_first(name: str) -> None:
            gate.call("create_person", {"Name": name, "Roles": ["admin"]}, LOCAL)

        sign_in = SignIn(
            people=people,
            sessions=sessions,
            factors=factors,
            passwords=passwords,
            recovery=recovery,
            passkeys=passkeys,
            tries=SignInTries(database, cipher),
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
            make_first=make_first,
        )
        account = OwnAccount(
            people=people,
            sessions=sessions,
            factors=factors,
            passwords=passwords,
            recovery=recovery,
            passkeys=passkeys,
            proposals=proposals,
            log=log,
        )
        return cls(sessions, sign_in, welcome, account, proposals, passkeys, places)
