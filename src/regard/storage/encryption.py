"""Secrets that the database holds, but can't be read from it alone: encrypted with a key beside it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from regard.errors import RegardError
from regard.storage.database import Database
from regard.storage.durable_files import write_new
from regard.storage.key_claims import KeyClaims

_KEY_FILE: Final = "encryption.key"
_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class Cipher:
    """Encrypts bytes by AES-256-GCM with the key in a folder, which is made when it is first needed.

    Servers that share a database need the same file, and are held to it: the database knows the digest of the
    one that was used first. A backup holds neither.
    """

    def __init__(self, folder: Path, database: Database | None = None) -> None:
        """`database` is the one whose secrets are encrypted; a file is one server's alone."""
        self._file = folder / _KEY_FILE
        self._claims = None if database is None or not database.is_shared else KeyClaims(database)
        self._claimed: bytes | None = None

    def check(self) -> None:
        """Raises RegardError where another key than the folder's, or none, has encrypted for the database."""
        known = None if self._claims is None else self._claims.holder()
        if known is None:
            return
        try:
            fits = _fingerprint(self._file.read_bytes()) == known
        except FileNotFoundError:
            fits = False
        if not fits:
            raise _another()

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
            key, is_new = self._file.read_bytes(), False
        except FileNotFoundError as error:
            if not create:
                raise RegardError(
                    f"{_KEY_FILE} is missing from the data folder; put back the one of this database."
                ) from error
            self.check()
            key, is_new = self._make(), True
        if create and self._claims is not None and key != self._claimed:
            if self._claims.claim(_fingerprint(key)) != _fingerprint(key):
                if is_new:  # nothing was encrypted with it
                    self._file.unlink(missing_ok=True)
                raise _another()
            self._claimed = key
        return key

    def _make(self) -> bytes:
        """A new key, or that of another process that was faster; on disk before anything is encrypted."""
        write_new(self._file, secrets.token_bytes(_KEY_BYTES))
        return self._file.read_bytes()


def _fingerprint(key: bytes) -> str:
    """Tells keys apart, and nothing of the key."""
    return hashlib.sha256(b"regard encryption key\0" + key).hexdigest()


def _another() -> RegardError:
    return RegardError(
        f"What this database keeps encrypted was encrypted with another {_KEY_FILE} than this server's. Copy "
        "the file from a server that has it, or have REGARD_KEY_FOLDER name a folder that all servers share."
    )
