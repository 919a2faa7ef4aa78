"""AWS Signature Version 4, the server's side: is this request signed by the key it names?

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from regard.api.messages import HttpRequest
from regard.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)

SERVICE: Final = "rekognition"
"""The service that requests are signed for, Regard's own too: it is one server with one kind of key."""

ALGORITHM: Final = "AWS4-HMAC-SHA256"
_TERMINATOR: Final = "aws4_request"

_DATE: Final = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z", re.ASCII)
_PARAMETER: Final = re.compile(r"\s*(Credential|SignedHeaders|Signature)=([^,\s]+)\s*", re.ASCII)
_ONCE: Final = ("authorization", "host", "x-amz-date", "x-amz-target", "x-amz-content-sha256")

_SIGNED: Final = ("host", "x-amz-date", "x-amz-target")
"""Headers that must be signed: an unsigned target would let a signature for one operation call another.

`content-type` is signed by most SDKs and left out by PHP's; it changes nothing here. `x-regard-…` headers
must be signed where they are sent, because they reach the audit record. Others may be added on the way, by a
proxy, unsigned.
"""


@dataclass(frozen=True, slots=True)
class SignatureClaim:
    """What the `Authorization` and `X-Amz-Date` headers say. `headers` are all, by names in lower case."""

    key_id: str
    region: str
    signed_headers: tuple[str, ...]
    signature: str
    date: str
    headers: Mapping[str, list[str]] = field(repr=False)


def verify(
    request: HttpRequest,
    secret_of: Callable[[str], str | None],
    *,
    now: datetime,
    skew: timedelta,
    targeted: bool = True,
) -> str:
    """The id of the access key that signed `request`. `secret_of` gives a key's secret, or None.

    `targeted` requests name their operation in X-Amz-Target; others do so by method and path.

    Raises what `authorization` raises; UnrecognizedClientException for an unknown key;
    InvalidSignatureException where anything that was signed is not as it was when it was signed.
    """
    claim = authorization(request.headers, now=now, skew=skew, targeted=targeted)
    secret = secret_of(claim.key_id)
    if secret is None:
        raise UnrecognizedClientException
    check_signature(claim, request, secret)
    return claim.key_id


def check_signature(claim: SignatureClaim, request: HttpRequest, secret: str) -> None:
    """Raises InvalidSignatureException unless `request`, whose headers make the claim, was signed with it."""
    digest = hashlib.sha256(request.body).hexdigest()
    if claim.headers.get("x-amz-content-sha256", [digest]) != [digest]:
        # UNSIGNED-PAYLOAD and streamed bodies are S3's alone.
        raise InvalidSignatureException(
            "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    expected = signature_of(claim, request, secret, digest)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise InvalidSignatureException


def authorization(
    headers: Iterable[tuple[str, str]],
    *,
    now: datetime,
    skew: timedelta,
    targeted: bool = True,
    is_temporary: bool = False,
) -> SignatureClaim:
    """What the headers claim, before the body is read and the key is looked up.

    Raises MissingAuthenticationTokenException without a header, IncompleteSignatureException for one that is
    malformed, UnrecognizedClientException for a session token unless `is_temporary` says that temporary
    credentials are good here, and InvalidSignatureException for a wrong scope, an unsigned header that must
    be signed, or a date that is off by more than `skew`.
    """
    found = collected(headers)
    if "authorization" not in found:
        raise MissingAuthenticationTokenException
    for name in _ONCE:
        if len(found.get(name, ())) > 1:
            raise IncompleteSignatureException(f"Header '{name}' is given more than once.")
    parameters = _parameters(found["authorization"][0])
    date = found.get("x-amz-date", [""])[0]
    if not date:
        raise IncompleteSignatureException(
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."
        )
    claim = claim_of(parameters, date, found)
    if "x-amz-security-token" in found and not is_temporary:
        raise UnrecognizedClientException
    _check_signed(claim, targeted=targeted)
    _check_date(date, now, skew)
    return claim


def collected(headers: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """The values of each header, by its name in lower case, with single spaces."""
    collected: dict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        collected[name.lower()].append(" ".join(value.split()))
    return dict(collected)


def _parameters(value: str) -> dict[str, str]:
    algorithm, _, rest = value.partition(" ")
    if not algorithm.startswith("AWS4-"):
        raise MissingAuthenticationTokenException
    if algorithm != ALGORITHM:
        raise IncompleteSignatureException(f"Unsupported AWS 'algorithm'; {ALGORITHM} is expected.")
    parameters: dict[str, str] = {}
    for part in rest.split(","):
        match = _PARAMETER.fullmatch(part)
        if match is None or match[1] in parameters:
            raise IncompleteSignatureException(
                "Authorization header holds a part that is not one key=value of "
                "'Credential', 'SignedHeaders' and 'Signature'."
            )
        parameters[match[1]] = match[2]
    missing = [name for name in ("Credential", "Signature", "SignedHeaders") if name not in parameters]
    if missing:
        raise IncompleteSignatureException(
            " ".join(f"Authorization header requires '{name}' parameter." for name in missing)
        )
    return parameters


def claim_of(parameters: Mapping[str, str], date: str, headers: Mapping[str, list[str]]) -> SignatureClaim:
    """What Credential, SignedHeaders and Signature claim, of a header or of a presigned URL.

    Any region is taken: Regard is one server, and the client's region chooses nothing here. Raises
    IncompleteSignatureException and InvalidSignatureException as `authorization` does.
    """
    parts = parameters["Credential"].split("/")
    if len(parts) != 5 or not parts[0]:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    key_id, day, region, service, terminator = parts
    if terminator != _TERMINATOR:
        raise InvalidSignatureException(
            f"Credential should be scoped with a valid terminator: '{_TERMINATOR}'."
        )
    if service != SERVICE:
        raise InvalidSignatureException(f"Credential should be scoped to correct service: '{SERVICE}'.")
    if day != date[:8]:
        raise InvalidSignatureException(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP."
        )
    signed = tuple(parameters["SignedHeaders"].split(";"))
    return SignatureClaim(key_id, region, signed, parameters["Signature"], date, headers)


def _check_signed(claim: SignatureClaim, *, targeted: bool) -> None:
    signed = set(claim.signed_headers)
    if len(signed) != len(claim.signed_headers):
        raise InvalidSignatureException("A header is named twice in 'SignedHeaders'.")
    ours = [name for name in claim.headers if name.startswith("x-regard-")]
    for name in (*(_SIGNED if targeted else _SIGNED[:2]), *ours):
        if name not in signed:
            raise InvalidSignatureException(f"'{name}' must be a 'SignedHeader' in the AWS Authorization.")
    for name in claim.signed_headers:
        if name not in claim.headers:
            raise InvalidSignatureException(f"The signed header '{name}' is missing.")


def read_date(date: str) -> datetime:
    """A date of a signature, `20260101T000000Z`. Raises IncompleteSignatureException for another form."""
    match = _DATE.fullmatch(date)
    try:
        signed = datetime(*map(int, match.groups()), tzinfo=UTC) if match else None  # type: ignore[arg-type,misc]
    except ValueError:
        signed = None
    if signed is None:
        raise IncompleteSignatureException("Date must be in ISO-8601 'basic format'.")
    return signed


def _check_date(date: str, now: datetime, skew: timedelta) -> None:
    signed = read_date(date)
    minutes = f"{skew.total_seconds() / 60:g} min."
    earliest, latest = now - skew, now + skew
    if signed < earliest:
        raise InvalidSignatureException(
            f"Signature expired: {date} is now earlier than {_basic(earliest)} ({_basic(now)} - {minutes})"
        )
    if signed > latest:
        raise InvalidSignatureException(
            f"Signature not yet current: {date} is still later than {_basic(latest)} "
            f"({_basic(now)} + {minutes})"
        )


def _basic(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _canonical(request: HttpRequest, claim: SignatureClaim, digest: str) -> str:
    """The canonical request. Its path is encoded twice, as everywhere but in S3."""
    pairs = sorted(
        tuple(_encoded(part) for part in pair.partition("=")[::2])
        for pair in request.query.split("&")
        if pair
    )
    names = sorted(claim.signed_headers)
    return "\n".join(
        (
            request.method,
            quote(request.path or "/", safe="/-_.~"),
            "&".join("=".join(pair) for pair in pairs),
            *(f"{name}:{','.join(claim.headers[name])}" for name in names),
            "",
            ";".join(names),
            digest,
        )
    )


def _encoded(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="-_.~")


def signature_of(claim: SignatureClaim, request: HttpRequest, secret: str, digest: str) -> str:
    """The signature, hex, of a request whose body has that digest, hex, by a secret."""
    key, scope = signing_key(secret, claim.date[:8], claim.region)
    # Headers are latin-1 on the wire; the signer hashed the same characters as UTF-8.
    canonical = hashlib.sha256(_canonical(request, claim, digest).encode()).hexdigest()
    text = "\n".join((ALGORITHM, claim.date, scope, canonical))
    return hmac.digest(key, text.encode(), "sha256").hex()


def signing_key(secret: str, day: str, region: str) -> tuple[bytes, str]:
    """The key that signs on a day, `20260101`, in a region, and what it is good for, its scope."""
    # Four HMACs of a few bytes each take 10 µs: nothing that a cache of signing keys would be worth.
    scope = f"{day}/{region}/{SERVICE}/{_TERMINATOR}"
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key, scope
