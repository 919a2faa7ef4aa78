"""Who opens a stream: a URL that was signed beforehand, as browsers open WebSockets, or a signed request.

Source: https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

from regard.api.messages import HttpRequest
from regard.errors import IncompleteSignatureException, InvalidSignatureException
from regard.wire import sigv4
from regard.wire.signed_events import StreamSigner
from regard.wire.sigv4 import SignatureClaim

STREAMED: Final = "STREAMING-AWS4-HMAC-SHA256-EVENTS"
"""In place of the digest of a body whose parts are signed one by one."""

_EXPIRES: Final = 3600  # seconds: AWS's SDKs ask for 60, its liveness component for 299
_PARAMETERS: Final = 100
_EMPTY: Final = hashlib.sha256(b"").hexdigest()
_TOKEN: Final = "x-amz-security-token"  # noqa: S105 - the name of a header
_PORT: Final = re.compile(r":[0-9]{1,5}$")
_NAMES: Final = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")


@dataclass(frozen=True, slots=True)
class StreamClaim:
    """What a request to open a stream claims. `token` is that of temporary credentials, None for a key."""

    claim: SignatureClaim
    request: HttpRequest
    digest: str
    token: str | None

    @property
    def key_id(self) -> str:
        return self.claim.key_id

    def check(self, secret: str) -> StreamSigner:
        """Who signs the stream's frames. Raises InvalidSignatureException where the secret is another.

        AWS's component signs the host without its port.
        """
        host = self.claim.headers.get("host", [""])[0]
        for signed in dict.fromkeys((host, _PORT.sub("", host))):
            claim = replace(self.claim, headers={**self.claim.headers, "host": [signed]})
            expected = sigv4.signature_of(claim, self.request, secret, self.digest)
            if hmac.compare_digest(expected.encode(), self.claim.signature.encode()):
                return StreamSigner(secret, self.claim.region, self.claim.signature)
        raise InvalidSignatureException


def presigned(request: HttpRequest, *, now: datetime, skew: timedelta) -> StreamClaim:
    """What a presigned URL claims.

    Raises IncompleteSignatureException for one that is malformed, and InvalidSignatureException for a wrong
    scope, or one whose time is over or hasn't begun.
    """
    found = _once(_parameters(request.query))
    missing = [f"X-Amz-{name}" for name in _NAMES if f"X-Amz-{name}" not in found]
    if missing:
        raise IncompleteSignatureException(f"AWS query-string parameters must include {missing[0]}.")
    if found["X-Amz-Algorithm"] != sigv4.ALGORITHM:
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm'; {sigv4.ALGORITHM} is expected.")
    seconds = found["X-Amz-Expires"]
    if not re.fullmatch("[0-9]{1,4}", seconds) or int(seconds) > _EXPIRES:
        raise IncompleteSignatureException(f"X-Amz-Expires must be 0 to {_EXPIRES} seconds.")
    parameters = {name: found[f"X-Amz-{name}"] for name in ("Credential", "SignedHeaders", "Signature")}
    claim = sigv4.claim_of(parameters, found["X-Amz-Date"], sigv4.collected(request.headers))
    if "host" not in claim.signed_headers or any(name not in claim.headers for name in claim.signed_headers):
        raise InvalidSignatureException("'host' and every other 'SignedHeader' must be there.")
    signed = sigv4.read_date(claim.date)
    if now - timedelta(seconds=int(seconds)) > signed:  # a date may be the last that there is
        raise InvalidSignatureException("Signature expired: the URL was signed for a time that is over.")
    if signed > now + skew:
        raise InvalidSignatureException("Signature not yet current: the URL is signed for a time to come.")
    unsigned = "&".join(part for part in request.query.split("&") if not part.startswith("X-Amz-Signature="))
    return StreamClaim(claim, replace(request, query=unsigned), _EMPTY, found.get("X-Amz-Security-Token"))


def signed_stream(request: HttpRequest, *, now: datetime, skew: timedelta) -> StreamClaim:
    """What the headers of a request claim whose body is a stream. Raises as `sigv4.authorization` does."""
    claim = sigv4.authorization(request.headers, now=now, skew=skew, targeted=False, is_temporary=True)
    if claim.headers.get("x-amz-content-sha256") != [STREAMED]:
        raise InvalidSignatureException(f"'x-amz-content-sha256' must be {STREAMED}.")
    if "x-amz-content-sha256" not in claim.signed_headers:
        raise InvalidSignatureException("'x-amz-content-sha256' must be a 'SignedHeader'.")
    token = claim.headers.get(_TOKEN)
    if token is not None and (len(token) > 1 or _TOKEN not in claim.signed_headers):
        raise InvalidSignatureException(f"'{_TOKEN}' must be a 'SignedHeader', once.")
    return StreamClaim(claim, request, STREAMED, None if token is None else token[0])


def _parameters(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=_PARAMETERS)
    except ValueError as error:
        raise IncompleteSignatureException(
            f"The query string may have {_PARAMETERS} parameters at most."
        ) from error


def _once(pairs: list[tuple[str, str]]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if name.startswith("X-Amz-") and name in found:
            raise IncompleteSignatureException("A query-string parameter is given more than once.")
        found[name] = value
    return found
