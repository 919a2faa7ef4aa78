"""Credentials that open the stream of one session, for the browser of whoever is checked.

Nothing is kept of them: the token says what they are good for, encrypted and sealed with the server's key,
and the secret follows from the token.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
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
        told = json.dumps([session_id, key_id, expires, secrets.token_hex(8)])
        token = base64.urlsafe_b64encode(self._cipher.encrypt(told.encode(), _BOUND)).decode()
        return SessionCredentials(_access_key(token), self._secret(token), token, expires)

    def read(self, token: str, access_key_id: str) -> CredentialHolder:
        """What credentials are good for. Raises UnrecognizedClientException for such as weren't issued here,
        or are over.
        """
        if len(token) > _TOKEN_LENGTH or access_key_id != _access_key(token):
            raise UnrecognizedClientException
        try:
            sealed = base64.b64decode(token, altchars=b"-_", validate=True)
            session_id, key_id, expires, _ = json.loads(self._cipher.decrypt(sealed, _BOUND))
        except (RegardError, ValueError) as error:
            raise UnrecognizedClientException from error
        if expires <= milliseconds():
            raise UnrecognizedClientException("The security token included in the request is expired")
        return CredentialHolder(session_id, key_id, self._secret(token))

    def _secret(self, token: str) -> str:
        return self._cipher.digest(token.encode(), "liveness secret")


def _access_key(token: str) -> str:
    digest = hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
    return _PREFIX + base64.b32encode(digest).decode()[:16]
