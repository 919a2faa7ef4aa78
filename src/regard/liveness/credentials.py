"""Credentials that open the stream of one session, for the browser of whoever is checked.

Nothing is kept of them: the token says what they are good for, encrypted and sealed with the server's key,
and key id and secret follow from that. So whoever asks again, as AWS's SDKs may at each signature, gets the
same key, by which a stream goes on.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Final

from regard.errors import RegardError, UnrecognizedClientException
from regard.storage.clock import milliseconds
from regard.storage.encryption import Cipher

_BOUND: Final = "liveness credentials"
_PREFIX: Final = "RGRS"  # as ASIA begins AWS's temporary keys, and RGRD Regard's others
_TOKEN_LENGTH: Final = 1024


@dataclass(frozen=True, slots=True)
class SessionCredentials:
    """Temporary credentials. `expires` is in milliseconds since the epoch."""

    access_key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    expires: int


@dataclass(frozen=True, slots=True)
class CredentialHolder:
    """For what credentials are good: one session, in the name of the key that made it."""

    session_id: str
    key_id: str
    secret: str = field(repr=False)


class CredentialIssuer:
    """Makes and reads them."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def issue(self, session_id: str, key_id: str, expires: int) -> SessionCredentials:
        """Credentials for a session of a key, until `expires`."""
        told = json.dumps([session_id, key_id, expires]).encode()
        token = base64.urlsafe_b64encode(self._cipher.encrypt(told, _BOUND)).decode()
        return SessionCredentials(self._access_key(told), self._secret(told), token, expires)

    def read(self, token: str, access_key_id: str) -> CredentialHolder:
        """What credentials are good for. Raises UnrecognizedClientException for such as weren't issued here,
        or are over.
        """
        if len(token) > _TOKEN_LENGTH:
            raise UnrecognizedClientException
        try:
            told = self._cipher.decrypt(base64.b64decode(token, altchars=b"-_", validate=True), _BOUND)
            session_id, key_id, expires = json.loads(told)
        except (RegardError, ValueError) as error:
            raise UnrecognizedClientException from error
        if access_key_id != self._access_key(told):
            raise UnrecognizedClientException
        if expires <= milliseconds():
            raise UnrecognizedClientException("The security token included in the request is expired")
        return CredentialHolder(session_id, key_id, self._secret(told))

    def _secret(self, told: bytes) -> str:
        return self._cipher.digest(told, "liveness secret")

    def _access_key(self, told: bytes) -> str:
        digest = hashlib.sha256(self._cipher.digest(told, "liveness key").encode()).digest()
        return _PREFIX + base64.b32encode(digest).decode()[:16]
