"""Somebody who opens pages in-process: no server, no browser."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

ORIGIN = "http://localhost:8090"


class Visitor:
    """A client of an ASGI application, with cookies that it keeps."""

    def __init__(
        self, application: Any, cookies: Mapping[str, str] | None = None, *, origin: str = ORIGIN
    ) -> None:
        self._application = application
        self._origin = origin
        self.cookies = dict(cookies or {})

    def get(
        self, path: str, *, data: bool = False, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """A page; `data` asks for JSON."""
        accepts = {"Accept": "application/json"} if data else {"Accept": "text/html"}
        return self._send("GET", path, headers={**accepts, **(headers or {})})

    def ask(self, path: str, headers: Mapping[str, str]) -> httpx.Response:
        """A page, asked for with these headers."""
        return self._send("GET", path, headers={name: value.encode() for name, value in headers.items()})

    def post(
        self,
        path: str,
        *,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> httpx.Response:
        """A form, sent from a page of the same server unless `headers` say otherwise."""
        sent = {"Sec-Fetch-Site": "same-origin"} if headers is None else headers
        return self._send("POST", path, data=fields, files=files, headers=sent)

    def send_raw(self, path: str, content: bytes, media_type: str) -> httpx.Response:
        """What no browser sends as a form, from a page of the same server."""
        headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": media_type}
        return self._send("POST", path, content=content, headers=headers)

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        async def sent() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._application, client=("127.0.0.1", 40_000))
            async with httpx.AsyncClient(
                transport=transport, base_url=self._origin, cookies=self.cookies
            ) as client:
                answer = await client.request(method, path, **options)
                self.cookies = {cookie.name: str(cookie.value) for cookie in client.cookies.jar}
                return answer

        return asyncio.run(sent())
