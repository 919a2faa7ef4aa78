"""The key that signs a data folder's sealed days. It is in the folder, and never in the database."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from regard.errors import RegardError
from regard.storage.durable_files import write_new

FILE: Final = "audit.key"
"""In the data folder: PKCS #8 in PEM, mode 0600."""


def signing_key(folder: Path) -> Ed25519PrivateKey:
    """The folder's key, made where there is none. Raises RegardError for a file that can't be used."""
    file = folder / FILE
    try:
        if not file.exists():
            _make(file)
        content = file.read_bytes()
    except OSError as error:
        raise RegardError(
            f"{file} can't be used ({error.strerror}); it holds the key of the seals."
        ) from error
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise RegardError(
            f"{file} is no Ed25519 key; put back the one that was there, or move it away for a new one."
        )
    return key


def public_half(key: Ed25519PrivateKey) -> str:
    """The public key, 32 bytes in hex."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def _make(file: Path) -> None:
    """Writes a new key, unless another process was faster."""
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_new(file, pem)
