"""What a token of the provider's says, once its signature is checked: an ID token or a logout token."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, Final

from regard.console.signin.oidc.identity_provider import IdentityProvider, unverified

ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
)  # fmt: skip
"""Of public keys alone: with HS256 whoever knows the client's secret, or a public key, could make tokens."""

SKEW: Final = 60
"""Seconds that the provider's clock may be off."""

OLDEST: Final = 600
"""Seconds since a token was made: it comes by the server's own request, or the provider's."""

_KEY_KINDS: Final = ("RSA", "EC", "OKP")
_NAME_CHARACTERS: Final = 255
_TOKEN_CHARACTERS: Final = 65_536


def signed_claims(
    provider: IdentityProvider, token: str, *, kinds: Collection[str] | None = None
) -> Mapping[str, Any]:
    """The claims of a token that the provider has signed; `kinds` are what its header may say that it is, in
    small letters, None for anything.

    Raises AccessDeniedException for any other, and ServiceUnavailableException where its keys can't be read.
    """
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
        header = jws.extract_compact(token.encode()).headers()
        if not isinstance(header, dict):
            raise unverified()
        if kinds is not None and str(header.get("typ", "JWT")).lower() not in kinds:
            raise unverified()
        kid = header.get("kid")
        keys = _fitting(provider.keys(kid if isinstance(kid, str) else None))
        decoded = jwt.decode(token, KeySet(list(usable(keys))), algorithms=ALGORITHMS)
        return dict(decoded.claims)
    except (JoseError, ValueError, TypeError, LookupError, RecursionError) as error:
        raise unverified() from error


def audiences_of(claims: Mapping[str, Any]) -> list[Any]:
    """Whom a token is for."""
    audience = claims.get("aud")
    return audience if isinstance(audience, list) else [audience]


def seconds_of(value: Any) -> int | None:
    """A time in seconds since the epoch; None for what is none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return int(value) if is_number and 0 <= value < 1e12 else None


def is_name(value: Any) -> bool:
    """Whether it can be a `sub` or a `sid`."""
    return isinstance(value, str) and 1 <= len(value) <= _NAME_CHARACTERS and value.isprintable()


def _fitting(keys: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Public keys that sign; one that is secret never verifies a token."""
    return [key for key in keys if key.get("kty") in _KEY_KINDS and key.get("use", "sig") == "sig"]
