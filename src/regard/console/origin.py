"""Whether a request that changes something comes from a page of this server.

Without tokens: browsers say where a request comes from, and a page can't make them say otherwise. Signed API
requests carry no cookie, so that nobody is asked there.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from regard.errors import AccessDeniedException


def check_origin(headers: Mapping[str, str], host: str) -> None:
    """Raises AccessDeniedException unless a page of `host` (`name:port`) has sent the request.

    A browser sends Sec-Fetch-Site to hosts that it trusts (TLS, loopback), and Origin with every POST. Who
    sends neither is refused.
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        if site != "same-origin":
            raise AccessDeniedException("This form was sent from a page of another site; open it here.")
        return
    if _host_of(headers.get("origin", "")) != host.lower():
        raise AccessDeniedException("This form was sent from a page of another site; open it here.")


def _host_of(origin: str) -> str | None:
    """The host that a page comes from, None for an origin that names none, as `null`."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None
