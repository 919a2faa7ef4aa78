"""What every request has to be like before a page reads it, so that no page has to ask."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

from regard.errors import ValidationException

_HOST: Final = re.compile(r"(?P<name>[a-z0-9._-]*|\[(?P<six>[0-9a-f:.]+)\])(:(?P<port>[0-9]{1,5}))?", re.I)
_PORTS: Final = 65_535


def check_host(host: str) -> None:
    """Raises ValidationException unless `host` is `name` or `name:port`, as browsers write it."""
    found = _HOST.fullmatch(host)
    if found is None or int(found["port"] or 0) > _PORTS or not _is_ipv6(found["six"]):
        raise ValidationException("The request's Host is no name and port; open the page by its address.")


def check_texts(texts: Iterable[str]) -> None:
    """Raises ValidationException for a text that no database keeps: with U+0000 or half of a surrogate pair
    in it.
    """
    if any("\0" in text or not _is_unicode(text) for text in texts):
        raise ValidationException("There is a character in it that is none, such as U+0000; leave it out.")


def _is_ipv6(address: str | None) -> bool:
    try:
        return address is None or ipaddress.IPv6Address(address) is not None
    except ValueError:
        return False


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
