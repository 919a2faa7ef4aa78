"""A receipt: one record, and all that it takes to see that it is in the log, without the log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from regard.errors import RegardError
from regard.governance.audit import AuditLog
from regard.governance.chain import EMPTY, link
from regard.governance.proof import merkle
from regard.governance.proof.day import SealedDay
from regard.governance.proof.seals import Seals

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


class ReceiptInvalid(RegardError):
    """A receipt does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A record with its number, its text as it was hashed, its hash and the one before it, in hex.

    `day` is the sealed day that the record is in, and `path` the way from it to the day's root; None and
    nothing while that day isn't sealed. `timestamp` is somebody else's of that day, in base64, or None
    (`timestamps.py`).
    """

    sequence: int
    record: str
    hash: str
    previous_hash: str
    day: SealedDay | None
    path: tuple[str, ...]
    timestamp: str | None = None

    def check(self, *, public_key: str | None = None, known: str | None = None) -> None:
        """Raises ReceiptInvalid unless everything in it fits together.

        `public_key` is the one that must have signed. `known` is a hash that is known from elsewhere: the
        record's, as the head of the log once was, or the root of its day.
        """
        if link(self.previous_hash, self.record) != self.hash:
            raise ReceiptInvalid("The record, or a hash beside it, was changed: they don't fit each other.")
        if self.day is not None:
            self._check_day(self.day)
        if public_key is not None and (self.day is None or self.day.public_key != public_key):
            raise ReceiptInvalid("The receipt holds no seal by that key.")
        if known is not None and known not in (self.hash, None if self.day is None else self.day.root):
            raise ReceiptInvalid("That hash is neither the record's nor the root of its day.")

    def _check_day(self, day: SealedDay) -> None:
        if not all(map(_HASH.fullmatch, self.path)):
            raise ReceiptInvalid("The path to the day's root was changed: a step of it is no hash.")
        leaf = merkle.leaf_hash(bytes.fromhex(self.hash))
        path = [bytes.fromhex(one) for one in self.path]
        found = merkle.root_by_path(leaf, self.sequence - day.first, day.size, path)
        if found is None or found.hex() != day.root:
            raise ReceiptInvalid(f"The record is not below the root of {day.day}.")
        if not day.is_signed():
            raise ReceiptInvalid(f"The signature of {day.day} does not hold.")


def make_receipt(log: AuditLog, seals: Seals, sequence: int) -> Receipt | None:
    """The receipt of a record as of now; None where there is no such record."""
    found = log.page(after=max(sequence - 2, 0), limit=2 if sequence > 1 else 1)
    if not found or found[-1][0] != sequence:
        return None
    _, text, claimed = found[-1]
    day = seals.of(sequence)
    path = [] if day is None else seals.path(day, sequence)
    timestamp = None if day is None else seals.timestamps([day.day]).get(day.day)
    return Receipt(
        sequence=sequence,
        record=text,
        hash=claimed,
        previous_hash=found[0][2] if len(found) > 1 else EMPTY.hash,
        day=day,
        path=tuple(one.hex() for one in path),
        timestamp=timestamp,
    )
