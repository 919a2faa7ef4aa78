"""A day of the audit log, sealed: what is published of it, and how anybody checks that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

NO_ROOT: Final = "0" * 64
"""Stands for the root before that of the first day."""

_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDay:
    """A day's records and their root.

    `day` is a date, YYYY-MM-DD, UTC; `first` and `last` are the numbers of its records, `root` that of their
    hashes, `previous` that of the sealed day before. `public_key` and `signature` are Ed25519's (RFC 8032).
    Hashes, key and signature are in hex.
    """

    day: str
    first: int
    last: int
    root: str
    previous: str
    public_key: str
    signature: str

    @property
    def size(self) -> int:
        """How many records the day has."""
        return self.last - self.first + 1

    @property
    def signed(self) -> bytes:
        """What is signed of it, and stamped with the time."""
        return signed_text(self.day, self.first, self.last, self.root, self.previous)

    def is_signed(self) -> bool:
        """Whether the signature is that of the day's text under its public key."""
        try:
            key, signature = bytes.fromhex(self.public_key), bytes.fromhex(self.signature)
        except ValueError:
            return False
        if len(key) != _KEY_BYTES or len(signature) != _SIGNATURE_BYTES:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(signature, self.signed)
        except InvalidSignature:
            return False
        return True


def signed_text(day: str, first: int, last: int, root: str, previous: str) -> bytes:
    """What is signed of a day: a line for its kind and one for each of these, each with a line feed."""
    lines = ("Regard audit day", day, str(first), str(last), root, previous)
    return "".join(f"{line}\n" for line in lines).encode()
