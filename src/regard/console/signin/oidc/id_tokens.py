"""Tokens that say who somebody is, checked as OpenID Connect Core 1.0 has it (section 3.1.3.7)."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from regard.console.signin.oidc.identity_provider import IdentityProvider, unverified
from regard.console.signin.oidc.provider_settings import ProviderSettings

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""Of public keys alone: with HS256 whoever knows the client's secret, or a public key, could make tokens."""

SKEW: Final = 60
"""Seconds that the provider's clock may be off."""

_KEY_KINDS: Final = ("RSA", "EC", "OKP")
_OLDEST: Final = 600  # seconds since a token was made: it comes by the server's own request
_SUBJECT_CHARACTERS: Final = 255
_LABEL_CHARACTERS: Final = 128
_TOKEN_CHARACTERS: Final = 65_536


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """Somebody whom the provider knows. Issuer and `subject` name them for ever; `label` is what they are
    called there.

    `authenticated` is when they last showed that it is them, in seconds since the epoch, None where it
    doesn't say; `has_second_factor` whether they showed one then. `email` is one that the provider has
    checked.
    """

    issuer: str
    subject: str
    label: str
    authenticated: int | None
    has_second_factor: bool
    email: str | None


def check_id_token(provider: IdentityProvider, token: str, nonce: str) -> ProvenIdentity:
    """Whom a token is of, which answers a request with `nonce`.

    Raises AccessDeniedException for one that isn't the provider's, for us, for this request and of now, and
    ServiceUnavailableException where its keys can't be read.
    """
    claims = _signed_claims(provider, token)
    settings, now = provider.settings, int(time.time())
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    party, subject = claims.get("azp"), claims.get("sub")
    if (
        claims.get("iss") != settings.issuer
        or settings.client_id not in audiences
        or (party is not None and party != settings.client_id)
        or (len(audiences) > 1 and party is None)
        or claims.get("nonce") != nonce
        or not isinstance(subject, str)
        or not 1 <= len(subject) <= _SUBJECT_CHARACTERS
        or not subject.isprintable()
    ):
        raise unverified()
    made, until, begins = (_seconds(claims.get(name)) for name in ("iat", "exp", "nbf"))
    if made is None or until is None or until + SKEW <= now or made - SKEW > now or made + _OLDEST < now:
        raise unverified()
    if "nbf" in claims and (begins is None or begins - SKEW > now):
        raise unverified()
    methods = claims.get("amr")
    return ProvenIdentity(
        issuer=settings.issuer,
        subject=subject,
        label=_label(claims),
        authenticated=_authenticated(claims, now),
        has_second_factor=_has_second_factor(
            settings, claims.get("acr"), methods if isinstance(methods, list) else []
        ),
        email=_email(claims),
    )


def _signed_claims(provider: IdentityProvider, token: str) -> Mapping[str, Any]:
    from joserfc import jws, jwt  # an extra; only who signs in so pays for it
    from joserfc.errors import JoseError
    from joserfc.jwk import JWKRegistry, KeySet

    def usable(keys: list[Mapping[str, Any]]) -> Iterator[Any]:
        """Without those that aren't understood: they say nothing against others (RFC 7517, section 5)."""
        for key in keys:
            with suppress(JoseError, ValueError, TypeError, LookupError):
                yield JWKRegistry.import_key(dict(key))

    if len(token) > _TOKEN_CHARACTERS:
        raise unverified()
    try:
        kid = jws.extract_compact(token.encode()).headers().get("kid")
        keys = _fitting(provider.keys(kid if isinstance(kid, str) else None))
        decoded = jwt.decode(token, KeySet(list(usable(keys))), algorithms=ALGORITHMS)
        return dict(decoded.claims)
    except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise unverified() from error


def _fitting(keys: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Public keys that sign; one that is secret never verifies a token."""
    return [key for key in keys if key.get("kty") in _KEY_KINDS and key.get("use", "sig") == "sig"]


def _authenticated(claims: Mapping[str, Any], now: int) -> int | None:
    when = _seconds(claims.get("auth_time"))
    if when is None:
        return None
    if when - SKEW > now:
        raise unverified()
    return min(when, now)


def _has_second_factor(settings: ProviderSettings, acr: Any, amr: list[Any]) -> bool:
    return acr in settings.acr or any(one in settings.amr for one in amr)


def _seconds(value: Any) -> int | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 1e12 else None


def _email(claims: Mapping[str, Any]) -> str | None:
    """The address, where the provider says in so many words that it has checked it."""
    email = claims.get("email")
    is_checked = claims.get("email_verified") is True
    return email if is_checked and isinstance(email, str) and email.count("@") == 1 else None


def _label(claims: Mapping[str, Any]) -> str:
    for name in ("preferred_username", "email", "name"):
        value = claims.get(name)
        if isinstance(value, str) and value and value.isprintable():
            return value[:_LABEL_CHARACTERS]
    return ""
