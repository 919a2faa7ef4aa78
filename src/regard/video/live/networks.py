"""Which hosts a live source may be on, asked before each connection.

Whoever may create a stream chooses an address that this machine connects to: without this, any service in
reach of it could be asked.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IpNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network
Resolve = Callable[[str, int], list[str]]

_NAME = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9_.-]{0,251}[a-z0-9])?")
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Where clouds tell a machine its credentials, beside the link-local addresses: AWS by IPv6, Alibaba, Azure,
# Oracle.
_METADATA = frozenset(
    ipaddress.ip_address(one) for one in ("fd00:ec2::254", "100.100.100.200", "168.63.129.16", "192.0.0.192")
)


class SourceRefused(Exception):
    """The source may not be read; the message is a sentence without URL, user or password."""


class HostUnknown(SourceRefused):
    """Nobody knows the host's address; somebody may later."""


@dataclass(frozen=True, slots=True)
class AllowedNetworks:
    """`is_any`: every host. `is_private`: this machine and private networks. `names`, `networks`: these."""

    is_any: bool
    is_private: bool
    names: frozenset[str]
    networks: tuple[IpNetwork, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """`private`, `any`, host names (`*.example.org` too), addresses and networks, separated by commas.

        Raises ValueError, whose message names the part that is none of these.
        """
        parts = [part for part in (one.strip().lower() for one in text.split(",")) if part]
        names, networks = set[str](), list[IpNetwork]()
        for part in parts:
            if part in ("any", "private"):
                continue
            try:
                networks.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                if not _NAME.fullmatch(part) or re.fullmatch(r"[0-9.]+", part):
                    raise ValueError(
                        f"must be `private`, `any`, or hosts and networks with commas between them; {part!r} "
                        "is none."
                    ) from None
                names.add(part)
        return cls("any" in parts, "private" in parts, frozenset(names), tuple(networks))

    def check(self, host: str, port: int, *, resolve: Resolve | None = None) -> tuple[str, ...]:
        """Those of the host's addresses that are allowed: connect to one of them and look up no more.

        Raises SourceRefused where none is, and HostUnknown where the name isn't known.
        """
        try:
            found = (resolve or _resolve)(host, port)
        except (OSError, UnicodeError):
            found = []
        if not found:
            raise HostUnknown("Its host is not known.")
        refusals = {
            text: self._refusal(ipaddress.ip_address(text), host.lower().rstrip(".")) for text in found
        }
        allowed = tuple(text for text, why in refusals.items() if why is None)
        if not allowed:
            raise SourceRefused(next(why for why in refusals.values() if why is not None))
        return allowed

    def _refusal(self, address: IpAddress, host: str) -> str | None:
        """Why an address of the host may not be reached, a sentence; None where it may."""
        address = _inner(address)
        if is_never_reached(address):
            return "Its host is link-local, a cloud's metadata service or no single machine."
        if self.is_any or self._names(host) or any(address in network for network in self.networks):
            return None
        if self.is_private and not address.is_global:
            return None
        return "Its host is not in the networks that REGARD_SOURCES allows."

    def _names(self, host: str) -> bool:
        parents = host.split(".")[1:]
        return host in self.names or any(
            f"*.{'.'.join(parents[at:])}" in self.names for at in range(len(parents))
        )


def is_never_reached(address: IpAddress) -> bool:
    """Whether no setting allows an address: link-local, several machines or none, a metadata service."""
    return (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address in _METADATA
        or address in ipaddress.IPv4Network("0.0.0.0/8")
        or address == ipaddress.IPv4Address("255.255.255.255")
    )


def _inner(address: IpAddress) -> IpAddress:
    """The IPv4 address that an IPv6 one leads to (mapped, 6to4, NAT64), which decides; else the same."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        return address.ipv4_mapped or address.sixtofour or address
    return address


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in found]
