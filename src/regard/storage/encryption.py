"""Secrets that the database holds, but can't be read from it alone: encrypted with a key beside it."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regard.errors import RegardError

_KEY_FILE: Final = "encryption.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Cipher:
    """Encrypts bytes by AES-256-GCM with the key in a data folder, which is made when it is first needed.

    Servers that share a database need the same file. A backup doesn't hold it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _KEY_FILE

    def encrypt(self, content: bytes, bound_to: str) -> bytes:
        """The encrypted bytes: a nonce, and what only `decrypt` with the same `bound_to` reads."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + AESGCM(self._key(create=True)).encrypt(nonce, content, bound_to.encode())

    def decrypt(self, encrypted: bytes, bound_to: str) -> bytes:
        """What was encrypted. Raises RegardError where the key is another, or the bytes were changed."""
        nonce, content = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
        try:
            return AESGCM(self._key(create=False)).decrypt(nonce, content, bound_to.encode())
        except (InvalidTag, ValueError) as error:
            raise RegardError(
                f"What {_KEY_FILE} encrypted can't be read; put back the file that belongs to the database."
            ) from error

    def digest(self, content: bytes, bound_to: str) -> str:
        """A digest, hex, that nobody finds by trying contents who has not the key: HMAC-SHA-256."""
        mac = hmac.new(self._key(create=True), bound_to.encode() + b"\0" + content, hashlib.sha256)
        return mac.hexdigest()

    def _key(self, *, create: bool) -> bytes:
        try:
            return self._file.read_bytes()
        except FileNotFoundError as error:
            if not create:
                raise RegardError(
                    f"{_KEY_FILE} is missing from the data folder; put back the one of this database."
                ) from error
        return self._make()

    def _make(self) -> bytes:
        """A new key, whole before it has its name, unless another process was faster."""
        draft = self._file.with_name(f".{_KEY_FILE}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "wb") as out:
                out.write(secrets.token_bytes(_KEY_BYTES))
                out.flush()
                os.fsync(out.fileno())
            with suppress(FileExistsError):  # another process's; it is read below
                os.link(draft, self._file)
        finally:
            draft.unlink(missing_ok=True)
        return self._file.read_bytes()
