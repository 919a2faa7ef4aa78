"""Addresses that say what they are good for, which nobody can make or change who has not the folder's key.

A browser can't sign the request of a picture or a film.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from typing import Any

from regard.errors import RegardError
from regard.storage.encryption import Cipher


class SealedAddresses:
    """Addresses of one kind, which `kind` names: one of another kind is none."""

    def __init__(self, cipher: Cipher, kind: str) -> None:
        self._cipher = cipher
        self._kind = kind

    def seal(self, values: list[Any]) -> str:
        """Values that JSON has, as text that a URL may hold."""
        content = json.dumps(values).encode()
        return urlsafe_b64encode(self._cipher.encrypt(content, self._kind)).decode().rstrip("=")

    def open(self, text: str) -> list[Any] | None:
        """The values that were sealed; None for a text that nobody has sealed so."""
        try:
            encrypted = urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))
            return list(json.loads(self._cipher.decrypt(encrypted, self._kind)))
        except (Error, ValueError, RegardError):
            return None
