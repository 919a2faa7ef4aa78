"""Time-stamps of sealed days (RFC 3161): somebody else's signature on a day's text and the time of it.

Whoever owns the disk can sign another past with the key of the seals; the time of a time-stamp they can't.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cryptography.x509 import Certificate, load_pem_x509_certificates

from regard.errors import RegardError

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": hashlib.sha256,
    "2.16.840.1.101.3.4.2.2": hashlib.sha384,
    "2.16.840.1.101.3.4.2.3": hashlib.sha512,
}


class TimestampInvalid(RegardError):
    """A time-stamp is none, or not of what it should be of."""


class TimestampsMissing(RegardError):
    """The library that reads time-stamps is not installed."""


def read_authorities(content: bytes) -> list[Certificate]:
    """The certificates of trusted authorities in a PEM file. Raises RegardError for what holds none."""
    try:
        return load_pem_x509_certificates(content)
    except ValueError as error:
        raise RegardError("The file of the authority holds no certificate in PEM.") from error


def check_timestamp(token: str, stamped: bytes, authorities: Sequence[Certificate] = ()) -> datetime:
    """When an authority saw these bytes. `token` is its answer (TimeStampResp, DER) in base64.

    Without `authorities` nobody's signature is checked, only that the time-stamp is of these bytes. With
    them, its certificate must lead to one of theirs.

    Raises TimestampInvalid, and TimestampsMissing where nothing can read it.
    """
    try:
        response = _decode(base64.b64decode(token, validate=True))
        said = response.tst_info
    except (ValueError, binascii.Error) as error:
        raise TimestampInvalid("The time-stamp is none: it can't be read.") from error
    make = _HASHES.get(said.message_imprint.hash_algorithm.dotted_string)
    if make is None or make(stamped).digest() != said.message_imprint.message:
        raise TimestampInvalid("The time-stamp is of something else.")
    if authorities:
        _check_signature(response, stamped, authorities)
    return said.gen_time


def _check_signature(response: TimeStampResponse, stamped: bytes, authorities: Sequence[Certificate]) -> None:
    from rfc3161_client import VerificationError, VerifierBuilder

    verifier = VerifierBuilder(roots=list(authorities)).build()
    try:
        verifier.verify_message(response, stamped)
    except (VerificationError, ValueError) as error:
        raise TimestampInvalid("The time-stamp is not signed by that authority.") from error


def _decode(content: bytes) -> TimeStampResponse:
    """Raises ValueError."""
    try:
        from rfc3161_client import decode_timestamp_response
    except ImportError as error:
        raise TimestampsMissing(
            "Time-stamps are read by a library: pip install 'regard[timestamps]'."
        ) from error
    return decode_timestamp_response(content)
