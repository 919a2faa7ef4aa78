"""At which addresses passkeys are good: `localhost`, and the one that REGARD_PUBLIC_URL names.

A passkey belongs to a domain. An IP address is none, and what a request calls this server can't be believed.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_LOCALHOST: Final = "localhost"


@dataclass(frozen=True, slots=True)
class PasskeyPlace:
    """An address for passkeys: the domain that they belong to, and the origin of the pages, as browsers write
    both.
    """

    domain: str
    origin: str


def passkey_place(scheme: str, host: str, public_url: str | None) -> PasskeyPlace | None:
    """The place that a browser has called; None where passkeys are not good.

    `host` is `name` or `name:port`, as the request says. Behind a proxy that ends TLS the scheme is http; the
    origin is then the one that was set.
    """
    if public_url is not None and host.lower() == urlsplit(public_url).netloc.lower():
        return PasskeyPlace(urlsplit(public_url).hostname or "", public_url)
    if _name_of(host) == _LOCALHOST:
        return PasskeyPlace(_LOCALHOST, f"{scheme}://{host.lower()}")
    return None


def better_address(scheme: str, host: str, public_url: str | None) -> str | None:
    """The origin to go to from one where passkeys are not good, though the same server is at a better one.

    From an IP address of this machine that is `localhost`; from elsewhere REGARD_PUBLIC_URL, or None.
    """
    try:
        is_loopback = ipaddress.ip_address(_name_of(host)).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        return public_url
    port = urlsplit(f"//{host}").port
    return f"{scheme}://{_LOCALHOST}" + (f":{port}" if port is not None else "")


def _name_of(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "").lower()
