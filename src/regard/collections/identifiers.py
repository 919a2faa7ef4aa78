"""Identifiers: those that grow with time, so that indexes on them are appended to, and those of names."""

from __future__ import annotations

import hashlib
import os
import re
import time
import unicodedata

import numpy as np

_NOT_ALLOWED = re.compile(r"[^a-zA-Z0-9_.\-:]")
_LONGEST_ID = 255
_DIGEST = 8  # hexadecimal digits
_TICKS = 4096  # of a millisecond: the twelve bits behind the version


def new_identifier() -> str:
    """One identifier, as `new_identifiers` makes them."""
    return new_identifiers(1)[0]


def new_identifiers(count: int) -> list[str]:
    """UUIDs of version 7 (RFC 9562, with the clock's fraction as in its section 6.2, method 3), ascending.

    48 bits are milliseconds since the epoch, 12 are 1/4096ths of one, of which each identifier takes the
    next, and 62 are random.
    """
    ticks = np.uint64(time.time_ns() * _TICKS // 1_000_000) + np.arange(count, dtype=np.uint64)
    milliseconds, fraction = ticks >> np.uint64(12), ticks & np.uint64(_TICKS - 1)
    tail = np.frombuffer(os.urandom(8 * count), np.uint64) & np.uint64(2**62 - 1)
    halves = np.empty((count, 2), ">u8")
    halves[:, 0] = milliseconds << np.uint64(16) | np.uint64(7 << 12) | fraction
    halves[:, 1] = tail | np.uint64(0b10 << 62)
    digits = halves.tobytes().hex()
    texts = (digits[start : start + 32] for start in range(0, 32 * count, 32))
    return [f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}" for text in texts]


def external_id_of(name: str) -> str:
    """A name, of a file or a folder, in the characters that Rekognition allows in an ExternalImageId.

    A name that had to be changed ends with a digest of what it was (UTF-8, NFC), so that two people whose
    names are written in other letters stay two.
    """
    name = unicodedata.normalize("NFC", name)
    allowed = _NOT_ALLOWED.sub("_", name)
    if allowed == name and len(name) <= _LONGEST_ID:
        return name
    digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:_DIGEST]
    return f"{allowed[: _LONGEST_ID - _DIGEST - 1]}-{digest}"
