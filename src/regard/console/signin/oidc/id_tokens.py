"""Tokens that say who somebody is, checked as OpenID Connect Core 1.0 has it (section 3.1.3.7)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from regard.console.signin.oidc.identity_provider import IdentityProvider, unverified
from regard.console.signin.oidc.provider_settings import ProviderSettings
from regard.console.signin.oidc.signed_claims import (
    OLDEST,
    SKEW,
    audiences_of,
    is_name,
    seconds_of,
    signed_claims,
)
from regard.console.signin.sessions import HOURS, ProviderSession

_LABEL_CHARACTERS: Final = 128


@dataclass(frozen=True, slots=True)
class ProvenIdentity:
    """Somebody whom the provider knows. Issuer and `subject` name them for ever; `label` is what they are
    called there.

    `authenticated` is when they last showed that it is them, in seconds since the epoch, None where it
    doesn't say; `has_second_factor` whether they showed one then. `email` is one that the provider has
    checked. `sid` is their session there, None where it doesn't say.
    """

    issuer: str
    subject: str
    label: str
    authenticated: int | None
    has_second_factor: bool
    email: str | None
    sid: str | None = None

    @property
    def session(self) -> ProviderSession:
        """Their session there, as a session here keeps it."""
        return ProviderSession(self.issuer, self.subject, self.sid)


def check_id_token(provider: IdentityProvider, token: str, nonce: str) -> ProvenIdentity:
    """Whom a token is of, which answers a request with `nonce`.

    Raises AccessDeniedException for one that isn't the provider's, for us, for this request and of now, and
    ServiceUnavailableException where its keys can't be read.
    """
    claims = signed_claims(provider, token)
    settings, now = provider.settings, int(time.time())
    audiences = audiences_of(claims)
    party, subject = claims.get("azp"), claims.get("sub")
    if (
        claims.get("iss") != settings.issuer
        or settings.client_id not in audiences
        or (party is not None and party != settings.client_id)
        or (len(audiences) > 1 and party is None)
        or claims.get("nonce") != nonce
        or not isinstance(subject, str)
        or not is_name(subject)
    ):
        raise unverified()
    made, until, begins = (seconds_of(claims.get(name)) for name in ("iat", "exp", "nbf"))
    if made is None or until is None or until + SKEW <= now or made - SKEW > now or made + OLDEST < now:
        raise unverified()
    if "nbf" in claims and (begins is None or begins - SKEW > now):
        raise unverified()
    methods, sid = claims.get("amr"), claims.get("sid")
    authenticated = _authenticated(claims, now)
    is_recent = authenticated is None or authenticated >= now - HOURS * 3600 - SKEW
    return ProvenIdentity(
        issuer=settings.issuer,
        subject=subject,
        label=_label(claims),
        authenticated=authenticated,
        has_second_factor=is_recent  # a provider may pass over the age that it was asked to keep to
        and _has_second_factor(settings, claims.get("acr"), methods if isinstance(methods, list) else []),
        email=_email(claims),
        sid=sid if isinstance(sid, str) and is_name(sid) else None,
    )


def _authenticated(claims: Mapping[str, Any], now: int) -> int | None:
    when = seconds_of(claims.get("auth_time"))
    if when is None:
        return None
    if when - SKEW > now:
        raise unverified()
    return min(when, now)


def _has_second_factor(settings: ProviderSettings, acr: Any, amr: list[Any]) -> bool:
    return acr in settings.acr or any(one in settings.amr for one in amr)


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
