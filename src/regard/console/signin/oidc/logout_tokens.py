"""Tokens by which the provider says that somebody is signed out, checked as OpenID Connect Back-Channel
Logout 1.0 has it (section 2.6).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from regard.console.signin.oidc.identity_provider import IdentityProvider, unverified
from regard.console.signin.oidc.signed_claims import (
    OLDEST,
    SKEW,
    audiences_of,
    is_name,
    seconds_of,
    signed_claims,
)

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
KINDS: Final = ("logout+jwt", "application/logout+jwt", "jwt")
"""What its header may say that it is; most providers say no more than JWT."""


@dataclass(frozen=True, slots=True)
class ProvenLogout:
    """Whose sessions end: all of `subject`, those of the provider's session `sid`, or those of both.

    `mark` tells the token from others, and it is taken no more from `until` on, in milliseconds since the
    epoch.
    """

    issuer: str
    subject: str | None
    sid: str | None
    mark: str
    until: int


def check_logout_token(provider: IdentityProvider, token: str) -> ProvenLogout:
    """What a token says. Whether it was taken before, its `mark` is for.

    Raises AccessDeniedException for one that isn't the provider's, for us, of now, and of a logout, and
    ServiceUnavailableException where its keys can't be read.
    """
    claims = signed_claims(provider, token, kinds=KINDS)
    issuer, now = provider.settings.issuer, int(time.time())
    events, mark = claims.get("events"), claims.get("jti")
    made, until = seconds_of(claims.get("iat")), seconds_of(claims.get("exp"))
    subject, sid = claims.get("sub"), claims.get("sid")
    if (
        claims.get("iss") != issuer
        or provider.settings.client_id not in audiences_of(claims)
        or not isinstance(events, dict)
        or not isinstance(events.get(EVENT), dict)
        or "nonce" in claims  # else it could be given for an ID token
        or not isinstance(mark, str)
        or not mark
        or (subject is None and sid is None)
        or not all(is_name(one) for one in (subject, sid) if one is not None)
    ):
        raise unverified()
    if made is None or made - SKEW > now or made + OLDEST + SKEW <= now:
        raise unverified()
    if "exp" in claims and (until is None or until + SKEW <= now):  # drafts had none
        raise unverified()
    return ProvenLogout(issuer, subject, sid, mark, (made + OLDEST + SKEW) * 1000)
