"""A second factor between the page that shows it and the form that comes back with a code of it."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Final

import pyotp

from regard.console.languages import msgid
from regard.errors import AccessDeniedException, RegardError
from regard.storage.encryption import Cipher

_BOUND: Final = "new second factor"


@dataclass(frozen=True, slots=True)
class ProposedFactor:
    """A second factor that is nobody's yet: its secret, and the same sealed, for the form that comes back."""

    secret: str = field(repr=False)
    sealed: str = field(repr=False)


class ProposedFactors:
    """Makes and reads them. Nothing is kept of one before its person has shown a code of it."""

    def __init__(self, cipher: Cipher) -> None:
        self._cipher = cipher

    def make(self, whom: str) -> ProposedFactor:
        """A new one, for whoever `whom` names."""
        secret = pyotp.random_base32()
        sealed = self._cipher.encrypt(secret.encode(), f"{_BOUND} {whom}")
        return ProposedFactor(secret, base64.urlsafe_b64encode(sealed).decode())

    def read(self, whom: str, sealed: str) -> ProposedFactor:
        """The one that was made. Raises AccessDeniedException for another's."""
        try:
            content = base64.b64decode(sealed, altchars=b"-_", validate=True)
            return ProposedFactor(self._cipher.decrypt(content, f"{_BOUND} {whom}").decode(), sealed)
        except (RegardError, ValueError) as error:
            raise AccessDeniedException(
                msgid("This form was shown to somebody else; open it again.")
            ) from error
