"""Whom a job may tell of its end: an SNS topic, or a URL that a setting allows."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from regard.caller import LOCAL, is_person_id
from regard.errors import InvalidParameterException
from regard.settings import Settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], list[str]]

# Networks that lead to an IPv4 address, which decides: NAT64, 6to4.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """The URL may not be used; the message says why, in a few words without a full stop."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL, and the one address of its host that was checked and may be connected to."""

    url: SplitResult
    address: str
    port: int


def is_topic(channel: str) -> bool:
    """Whether a channel is an SNS topic; else it is a URL."""
    return channel.startswith("arn:")


def check_channel(
    channel: str, settings: Settings, key_id: str, *, member: str = "NotificationChannel"
) -> None:
    """Raises InvalidParameterException for a channel that nothing could ever be told to.

    `member` is where the request names it.
    Names are not looked up: that is done each time before a connection is made.
    """
    problem: str | None = None
    if is_topic(channel):
        if settings.sns_endpoint is None:
            problem = "this server has no SNS; set REGARD_SNS_ENDPOINT, or give a URL in place of the topic"
    elif not settings.webhook_secret and (key_id == LOCAL.key_id or is_person_id(key_id)):
        problem = (
            "what is sent to a URL is signed, and who calls without a key has none to sign with; "
            "set REGARD_WEBHOOK_SECRET"
        )
    else:
        try:
            _check_url(channel, settings.webhooks)
        except Refused as refused:
            problem = str(refused)
    if problem is not None:
        raise InvalidParameterException(
            f"Request has invalid parameters: the {member} can't be used: {problem}"
        )


def find_target(channel: str, allowed: str, *, resolve: Resolve | None = None, plain: bool = False) -> Target:
    """Where to connect for a URL. `allowed` is the setting REGARD_WEBHOOKS; `plain` lets http:// lead to the
    internet too.

    The address is part of the answer so that no second look-up can lead elsewhere. Raises Refused, and
    OSError where the name is not known.
    """
    url, host, port = _check_url(channel, allowed, plain=plain)
    addresses = (resolve or _resolve)(host, port)
    for address in addresses:
        _check_address(ipaddress.ip_address(address), url.scheme, allowed, plain=plain)
    return Target(url, addresses[0], port)


def _check_url(channel: str, allowed: str, *, plain: bool = False) -> tuple[SplitResult, str, int]:
    if allowed == "none":
        raise Refused("this server sends nothing to URLs (REGARD_WEBHOOKS)")
    try:
        url = urlsplit(channel)
        host, port = url.hostname, url.port or _PORTS.get(url.scheme, 0)
    except ValueError as error:
        raise Refused("it is no URL") from error
    if not host or url.scheme not in _PORTS:
        raise Refused("it is no https:// URL")
    if url.username or url.password or url.fragment:
        raise Refused("the URL has a user, a password or a fragment in it")
    if url.scheme == "http" and allowed != "private" and not plain:
        raise Refused("the URL must begin with https:// (REGARD_WEBHOOKS)")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return url, host, port  # a name
    _check_address(address, url.scheme, allowed, plain=plain)
    return url, host, port


def _check_address(address: Address, scheme: str, allowed: str, *, plain: bool = False) -> None:
    public = _is_public(address)
    if not public and allowed != "private":
        raise Refused("its host is this machine or in a private network (REGARD_WEBHOOKS)")
    if public and scheme == "http" and not plain:
        raise Refused("the URL must begin with https:// for a host on the internet")


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _is_public(inner)
    return address.is_global and not address.is_multicast


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]).partition("%")[0] for *_, address in found]
