"""Which web pages may call Regard from a browser (CORS: https://fetch.spec.whatwg.org/#http-cors-protocol).

A browser sends a page's request to another origin only where the server allows it. A request is allowed what
its signature allows, whatever page it comes from: no cookie counts here, so credentials are never allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

# The SDKs read the error's code and the request's id in headers, and correct the browser's clock by the date.
_EXPOSED: Final = ("x-amzn-requestid", "x-amzn-errortype", "date")
_METHODS: Final = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")
_PREFLIGHT_SECONDS: Final = 7200  # Chromium remembers an answer for no longer


def allow_origins(origins: Sequence[str]) -> list[Middleware]:
    """The middleware that lets pages of these origins (`https://app.example.org`, or `*`) call Regard.

    It belongs around every route, since a page must be able to read errors too. Without an origin there is
    none, and a preflight is answered as any request that nobody has signed.
    """
    if not origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=tuple(origins),
            allow_methods=_METHODS,
            # Which headers are sent is the SDKs' own affair; those that count here are signed.
            allow_headers=("*",),
            allow_credentials=False,
            # A page of the Internet that calls a server in a private network asks for this too.
            allow_private_network=True,
            expose_headers=_EXPOSED,
            max_age=_PREFLIGHT_SECONDS,
        )
    ]
