"""The key store as the wire sees it."""

from __future__ import annotations

from regard.caller import Caller
from regard.governance.keys import KeyStore
from regard.governance.sessions import Sessions
from regard.liveness.credentials import CredentialHolder, CredentialIssuer


class SigningKeys:
    """The key store as the wire sees it."""

    def __init__(self, keys: KeyStore, sessions: Sessions, temporary: CredentialIssuer) -> None:
        self._keys = keys
        self._sessions = sessions
        self._temporary = temporary

    def find(self, key_id: str) -> tuple[str, Caller] | None:
        key = self._keys.find(key_id)
        if key is None:
            return None
        return key.secret, key.holder

    def of_session(self, token: str, caller: Caller) -> Caller:
        return self._sessions.caller(token, caller)

    def of_token(self, token: str, key_id: str) -> CredentialHolder:
        return self._temporary.read(token, key_id)
