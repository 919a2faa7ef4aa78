"""The chain of the audit log: each record bound to all before it by a hash.

`hash(n) = SHA-256(hash(n-1) + "\\n" + record(n))`, in hex, with 64 zeros before the first. Whoever changes,
removes or inserts a record breaks the chain from there on. A log cut off at its end shows only against a head
(number and hash) that was kept elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from regard.errors import RegardError

Entry = tuple[int, str, str]
"""A record's number, its text and its hash."""


class AuditBroken(RegardError):
    """A record of the audit log does not fit the chain, or a day's seal not the records."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """The newest record's number, 0 for an empty log, and its hash."""

    sequence: int
    hash: str


EMPTY: Final = LogHead(0, "0" * 64)
"""Of a log without a record."""


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False)


def write_record(record: Mapping[str, Any]) -> str:
    """The text of a record of JSON values, the same for the same values. Raises ValueError for others."""
    return _ENCODER.encode(record)


def link(previous: str, text: str) -> str:
    """The hash of a record behind one whose hash is `previous`."""
    return sha256(f"{previous}\n{text}".encode()).hexdigest()


def check_chain(head: LogHead, entries: Sequence[Entry]) -> LogHead:
    """The head after some records behind `head`. Raises AuditBroken, naming the first that does not fit."""
    if not entries:
        return head
    sequences, texts, hashes = zip(*entries, strict=True)
    before = (head.hash, *hashes[:-1])
    # `link` of each with the hash that the one before claims: all are right, or the first is found below.
    # It is written out here, as a million calls of it take half a second.
    computed = [
        sha256(f"{previous}\n{text}".encode()).hexdigest()
        for previous, text in zip(before, texts, strict=True)
    ]
    if computed != list(hashes) or sequences != tuple(
        range(head.sequence + 1, head.sequence + 1 + len(entries))
    ):
        raise _break(head, entries)
    return LogHead(sequences[-1], hashes[-1])


def _break(head: LogHead, entries: Sequence[Entry]) -> AuditBroken:
    for sequence, text, claimed in entries:
        if sequence != head.sequence + 1:
            return AuditBroken(
                f"The audit log is broken: record {head.sequence + 1} is missing; records were removed."
            )
        if claimed != link(head.hash, text):
            break
        head = LogHead(sequence, claimed)
    return AuditBroken(
        f"The audit log is broken: record {head.sequence + 1} was changed, or one before it was removed."
    )
