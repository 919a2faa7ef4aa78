"""Whose word counts for where a request comes from: that of the proxies in REGARD_PROXIES, and nobody else's.

A proxy appends the address that it was called from, so the list is read from its right end: past each proxy
that is trusted, to the first address that is none. What stands left of it is the client's own word and isn't
read.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from regard.addresses import FORWARDED, Network, read_networks

_HOPS: Final = 32  # more proxies than anybody has in a row
_SECURE: Final = {"http": "https", "ws": "wss"}
_PLAIN: Final = {secure: plain for plain, secure in _SECURE.items()}

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Hop:
    """What one proxy says of who called it. `address` is None where it is no IP address, `scheme` where it
    says neither http nor https.
    """

    address: Address | None
    scheme: str | None


class TrustedProxies:
    """An ASGI application around another, which sees the client's address and scheme, not the proxy's."""

    def __init__(self, application: ASGIApp, networks: Sequence[Network], *, by_forwarded: bool) -> None:
        """With `by_forwarded` proxies say it by Forwarded (RFC 7239), else by X-Forwarded-For and
        X-Forwarded-Proto. Only one of them is read: a proxy passes on the other as the client has sent it.
        """
        self._application = application
        self._networks = tuple(networks)
        self._read = _by_forwarded if by_forwarded else _by_x_forwarded

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            client = scope.get("client")
            address = None if client is None else _address(client[0])
            if address is not None and self._trusts(address):
                scope = self._believed(scope, address)
        await self._application(scope, receive, send)

    def _believed(self, scope: Scope, proxy: Address) -> Scope:
        hops = self._read(Headers(scope=scope))
        address, scheme = proxy, None
        for hop in reversed(hops[-_HOPS:]):
            scheme = hop.scheme or scheme
            if hop.address is None:
                break
            address = hop.address
            if not self._trusts(address):
                break
        kind = scope["scheme"]
        if scheme is not None:
            kind = _SECURE.get(kind, kind) if scheme == "https" else _PLAIN.get(kind, kind)
        port = scope["client"][1] if address == proxy else 0
        return {**scope, "client": (str(address), port), "scheme": kind}

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def believe_proxies(setting: str) -> list[Middleware]:
    """The middleware for a value of REGARD_PROXIES; none where it is "". It belongs outside of all others."""
    if not setting:
        return []
    networks = read_networks(setting)
    return [Middleware(TrustedProxies, networks, by_forwarded=FORWARDED in setting.split(","))]


def _by_x_forwarded(headers: Headers) -> list[Hop]:
    callers = _entries(headers, "x-forwarded-for")
    schemes = _entries(headers, "x-forwarded-proto")
    if len(schemes) == 1:  # of the proxy at the edge, as most have it
        schemes *= len(callers)
    schemes = schemes[max(len(schemes) - len(callers), 0) :]
    padded = [""] * (len(callers) - len(schemes)) + schemes
    return [Hop(_address(one), _scheme(scheme)) for one, scheme in zip(callers, padded, strict=True)]


def _by_forwarded(headers: Headers) -> list[Hop]:
    return [_hop(element) for element in _entries(headers, "forwarded")]


def _hop(element: str) -> Hop:
    """An element of Forwarded (RFC 7239, section 4): `for="[2001:db8::1]:443";proto=https`."""
    told: dict[str, str] = {}
    for pair in element.split(";"):
        name, _, value = pair.partition("=")
        told.setdefault(name.strip().lower(), value.strip().strip('"'))
    return Hop(_address(told.get("for", "")), _scheme(told.get("proto", "")))


def _entries(headers: Headers, name: str) -> list[str]:
    """A list over all lines of a header. No address and no scheme has a comma in it."""
    lines = headers.getlist(name)
    return [entry.strip() for entry in ",".join(lines).split(",")] if lines else []


def _address(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 address in IPv6 is the former."""
    host = text
    if text.startswith("["):
        host = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        host = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def _scheme(text: str) -> str | None:
    scheme = text.lower()
    return scheme if scheme in ("http", "https") else None
