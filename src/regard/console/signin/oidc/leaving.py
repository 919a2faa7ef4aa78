"""Where the provider is offered, and how one leaves for it from a page."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from regard.console.cookies import is_loopback, session_cookie
from regard.console.page import PageView
from regard.console.signin.oidc.provider_sign_in import ProviderSignIn
from regard.console.signin.oidc.round_trips import RoundTrip
from regard.console.visit import PageVisit
from regard.errors import AccessDeniedException

_COOKIE: Final = "-provider"  # behind the name of the session's


def provider_name(visit: PageVisit, provider: ProviderSignIn | None) -> str | None:
    """What the identity provider is called, where people sign in by it; None elsewhere."""
    return provider.name if provider is not None and is_at_address(visit, provider) else None


def is_at_address(visit: PageVisit, provider: ProviderSignIn) -> bool:
    """Whether the browser is where it comes back to: at REGARD_PUBLIC_URL."""
    is_plain = is_loopback(visit.scheme, visit.host)
    return not is_plain and visit.host.lower() == urlsplit(provider.public_url).netloc.lower()


def leaving_view(visit: PageVisit, provider: ProviderSignIn, trip: RoundTrip) -> PageView:
    """A page with the link to the provider, for who has sent a form: browsers let none lead to another site.

    Raises ServiceError.
    """
    check_address(visit, provider)
    departure = provider.begin(trip)
    values = {"url": departure.url, "provider": provider.name}
    return PageView("provider_leaving.html", values, cookies={trip_cookie(visit): departure.sealed})


def trip_cookie(visit: PageVisit) -> str:
    """What the browser keeps until it is back."""
    return session_cookie(visit.scheme, visit.host) + _COOKIE


def check_address(visit: PageVisit, provider: ProviderSignIn) -> None:
    """Raises AccessDeniedException elsewhere."""
    if not is_at_address(visit, provider):
        raise AccessDeniedException(visit.say("Sign in at %(address)s", address=provider.public_url))
