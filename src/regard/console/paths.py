"""Addresses that a page was told to go on to."""

from __future__ import annotations

from urllib.parse import urlsplit


def inner_path(address: str) -> str | None:
    """An address if it is a path of this server, with its query; None for any other.

    Backslashes and two slashes at the beginning lead browsers to other hosts.
    """
    if not address.startswith("/") or address.startswith("//") or "\\" in address:
        return None
    if not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if not parts.scheme and not parts.netloc else None
