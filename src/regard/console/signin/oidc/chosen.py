"""The identity provider that the settings choose."""

from __future__ import annotations

from importlib.util import find_spec

from regard.console.signin.oidc.identity_provider import IdentityProvider
from regard.console.signin.oidc.provider_settings import read_provider
from regard.errors import RegardError
from regard.settings import Settings


def chosen_provider(settings: Settings) -> IdentityProvider | None:
    """The provider of REGARD_OIDC, None where it is unset; it isn't asked yet. Raises RegardError."""
    if not settings.oidc:
        return None
    read = read_provider(settings.oidc, settings.oidc_secret)
    if settings.public_url is None:
        raise RegardError("REGARD_OIDC takes REGARD_PUBLIC_URL: there the provider sends people back to.")
    if settings.webhooks == "none":
        raise RegardError("REGARD_OIDC takes REGARD_WEBHOOKS `public` or `private`: the provider is asked.")
    if find_spec("joserfc") is None:
        raise RegardError("REGARD_OIDC takes a library more: pip install 'regard[oidc]'.")
    return IdentityProvider(read, allowed=settings.webhooks)
