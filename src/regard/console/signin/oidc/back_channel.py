"""Sessions end here when the provider says that they have ended there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from regard.console.signin.challenges import use_up_within
from regard.console.signin.oidc.identity_provider import IdentityProvider
from regard.console.signin.oidc.logout_tokens import check_logout_token
from regard.console.signin.sessions import close_of_account
from regard.errors import AccessDeniedException
from regard.governance.people import People
from regard.governance.sign_in_log import SIGN_OUT, SignInLog
from regard.storage.database import Database

_STRANGER: Final = "sign-out of nobody"


class BackChannel:
    """What the provider itself sends, without anybody's browser."""

    def __init__(
        self,
        database: Database,
        provider: IdentityProvider,
        people: People,
        log: SignInLog,
        count_stranger: Callable[[str], None],
    ) -> None:
        """`count_stranger` counts tokens that are none: with a record for each, strangers could fill the
        log.
        """
        self._database = database
        self._provider = provider
        self._people = people
        self._log = log
        self._count_stranger = count_stranger

    def end(self, network: str, token: str) -> int:
        """Ends the sessions that a logout token names, and answers how many there were. `network` is where it
        came from.

        That it was taken is kept with it, in one transaction: who sends it again ends nothing, and a provider
        that was answered an error may send it again. Raises AccessDeniedException for a token that is none,
        and ServiceUnavailableException.
        """
        try:
            proven = check_logout_token(self._provider, token)
            with self._database.write() as connection:
                use_up_within(connection, f"logout {proven.issuer} {proven.mark}".encode(), proven.until)
                ended = close_of_account(connection, proven.issuer, proven.subject, proven.sid)
        except AccessDeniedException:
            self._count_stranger(_STRANGER)
            raise
        for person_id in sorted(set(ended)):
            person = self._people.find(person_id)
            if person is not None:
                self._log.done(SIGN_OUT, person, network, by="identity provider")
        return len(ended)
