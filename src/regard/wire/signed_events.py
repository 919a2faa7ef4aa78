"""The chain of signatures over the frames of an event stream: each signs a frame and the signature before.

The first is that of the request. Source: `EventStreamSerializer` and `SignatureV4.signEvent` of AWS's SDK for
JavaScript.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from regard.errors import InvalidSignatureException
from regard.wire.eventstream import EventFrame, MalformedFrame, read_frame, write_headers
from regard.wire.sigv4 import signing_key

_ALGORITHM: Final = "AWS4-HMAC-SHA256-PAYLOAD"
_DATE, _SIGNATURE = ":date", ":chunk-signature"


@dataclass(frozen=True, slots=True)
class StreamSigner:
    """Whose stream it is: the secret that signs, the region of the scope, and the request's signature."""

    secret: str
    region: str
    signature: str


def event_signature(signer: StreamSigner, moment: datetime, before: str, payload: bytes) -> str:
    """The signature, hex, of an inner frame `payload` at a moment, after the one `before`, hex too."""
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    key, scope = signing_key(signer.secret, stamp[:8], signer.region)
    date = hashlib.sha256(write_headers({_DATE: moment})).hexdigest()
    text = "\n".join((_ALGORITHM, stamp, scope, before, date, hashlib.sha256(payload).hexdigest()))
    return hmac.digest(key, text.encode(), "sha256").hex()


class SignedEvents:
    """Opens the outer frames of one stream, in order."""

    def __init__(self, signer: StreamSigner, *, clock: Callable[[], datetime], skew: timedelta) -> None:
        """`skew` is how far a frame's date may be off."""
        self._signer = signer
        self._before = signer.signature
        self._clock = clock
        self._skew = skew

    def open(self, data: bytes) -> EventFrame | None:
        """The inner frame of an outer one; None for the one that ends the stream.

        Raises MalformedFrame, and InvalidSignatureException for a frame that was signed by another, for
        another stream, or for another place in it.
        """
        outer = read_frame(data)
        moment, signature = outer.headers.get(_DATE), outer.headers.get(_SIGNATURE)
        if not isinstance(moment, datetime) or not isinstance(signature, bytes):
            raise MalformedFrame("A frame of the stream must have a :date and a :chunk-signature.")
        if abs(moment - self._clock()) > self._skew:
            raise InvalidSignatureException("The date of a frame is too far from the server's.")
        expected = event_signature(self._signer, moment, self._before, outer.payload)
        if not hmac.compare_digest(expected, signature.hex()):
            raise InvalidSignatureException
        self._before = expected
        return read_frame(outer.payload) if outer.payload else None
