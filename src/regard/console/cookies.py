"""Which cookies there are, and when they may travel unencrypted."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

LANGUAGE_COOKIE: Final = "regard-language"

_SECURE: Final = "__Host-regard"
_PLAIN: Final = "regard"


def is_loopback(scheme: str, host: str) -> bool:
    """Whether the browser called this machine itself, by plain HTTP. `host` is `name` or `name:port`."""
    if scheme != "http":
        return False
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def session_cookie(scheme: str, host: str) -> str:
    """The name of the session's cookie.

    `__Host-` has browsers take it by TLS alone, for this host alone. At loopback it has another name and
    isn't Secure, since Safari drops a Secure cookie there.
    """
    return _PLAIN if is_loopback(scheme, host) else _SECURE
