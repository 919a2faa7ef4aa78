"""Addresses in settings: how each is written, and read."""

from __future__ import annotations

import ipaddress
import os
import re
from typing import Final
from urllib.parse import urlsplit

from regard.errors import RegardError

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
_PUBLIC_HOST: Final = re.compile(r"([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")
FORWARDED: Final = "forwarded"
"""Stands among REGARD_PROXIES where those write Forwarded (RFC 7239)."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}  # which browsers leave out


def read_origin(text: str) -> str:
    """An origin as browsers write it, or `*`. Raises RegardError."""
    origin = text.lower()
    if origin != "*" and not _ORIGIN.fullmatch(origin):
        raise RegardError(
            "REGARD_ORIGINS must be `*`, or origins like https://app.example.org with commas between them, "
            f"and nothing behind host and port; {text!r} is none."
        )
    scheme, _, host = origin.partition("://")
    return origin.removesuffix(_DEFAULT_PORTS.get(scheme, "")) if host else origin


def read_public_url(text: str) -> str:
    """An origin with TLS, at a name and not at an IP address, as browsers write it. Raises RegardError."""
    url = text.lower().removesuffix("/")
    host = url.removeprefix("https://").partition(":")[0]
    if not _ORIGIN.fullmatch(url) or not url.startswith("https://") or re.fullmatch(r"[0-9.]+|\[.*", host):
        raise RegardError(
            "REGARD_PUBLIC_URL must be like https://vision.example.org, with a name and no path; "
            f"{text[:80]!r} is none."
        )
    return url.removesuffix(_DEFAULT_PORTS["https"])


def read_public_host(text: str) -> str:
    """A host as browsers send it in a request's header. Raises RegardError."""
    host = text.lower()
    if not _PUBLIC_HOST.fullmatch(host):
        raise RegardError(
            "REGARD_PUBLIC_HOSTS must be hosts like vision.example.org or vision.example.org:8443, with "
            f"commas between them; {text[:80]!r} is none."
        )
    return host


def read_proxies(text: str) -> str:
    """Networks of proxies, and the word `forwarded`, as they are written. Raises RegardError."""
    entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
    try:
        networks = [str(ipaddress.ip_network(entry)) for entry in entries if entry != FORWARDED]
    except ValueError:
        networks = []
    if not networks:
        raise RegardError(
            "REGARD_PROXIES must be addresses and networks like 10.0.0.7 or 10.0.0.0/24, with commas "
            f"between them; {text[:80]!r} is none."
        )
    return ",".join([FORWARDED, *networks] if FORWARDED in entries else networks)


def read_networks(proxies: str) -> list[Network]:
    """The networks of REGARD_PROXIES, as `read_proxies` writes it."""
    return [ipaddress.ip_network(entry) for entry in proxies.split(",") if entry != FORWARDED]


def read_milvus(text: str) -> str:
    """A URL, or a file with the home folder spelled out. Raises RegardError, which never holds the text."""
    if "://" not in text and text.endswith(".db"):
        return os.path.expanduser(text)
    if text == "aws" or not is_endpoint(text):
        raise RegardError("REGARD_MILVUS must be like http://HOST:19530, or a file that ends in .db.")
    if "@" in text:
        raise RegardError("REGARD_MILVUS must not hold a password; give it in REGARD_MILVUS_TOKEN.")
    return text


def is_endpoint(text: str) -> bool:
    """Whether it is `aws`, or a URL of http or https."""
    if text == "aws":
        return True
    try:
        url = urlsplit(text)
        return url.scheme in ("http", "https") and bool(url.hostname)
    except ValueError:
        return False
