"""At which addresses passkeys are good: `localhost` at the server's own ports, and REGARD_PUBLIC_URL's.

A passkey belongs to a domain. An IP address is none, and what a request calls this server can't be believed:
a page of another program at another port of `localhost` may use the same passkeys, and pass on what they
sign, with whatever Host it likes.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

_LOCALHOST: Final = "localhost"
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}  # which browsers leave out


@dataclass(frozen=True, slots=True)
class PasskeyPlace:
    """An address for passkeys: the domain that they belong to, and the origin of the pages, as browsers write
    both.
    """

    domain: str
    origin: str


@dataclass(frozen=True, slots=True)
class PasskeyPlaces:
    """The places of one server: REGARD_PUBLIC_URL, and the ports that it listens on; `tls_port` is None where
    it speaks no TLS.
    """

    public_url: str | None
    port: int
    tls_port: int | None = None

    def at(self, scheme: str, host: str) -> PasskeyPlace | None:
        """The place that a browser has called; None where passkeys are not good.

        `host` is `name` or `name:port`, as the request says. Behind a proxy that ends TLS the scheme is http;
        the origin is then the one that was set.
        """
        public = self.public_url
        if public is not None and host.lower() == urlsplit(public).netloc.lower():
            return PasskeyPlace(urlsplit(public).hostname or "", public)
        port = self.tls_port if scheme == "https" else self.port
        local = _origin(scheme, f"{_LOCALHOST}:{port}")
        return PasskeyPlace(_LOCALHOST, local) if _origin(scheme, host.lower()) == local else None


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


def _origin(scheme: str, host: str) -> str:
    """An origin as browsers write it."""
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORTS.get(scheme, ''))}"


def _name_of(host: str) -> str:
    return (urlsplit(f"//{host}").hostname or "").lower()
