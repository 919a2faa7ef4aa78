"""An installation whose people sign in at a provider of identities. It takes joserfc."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from tests.console.signin.conftest import House
from tests.console.signin.provider import CLIENT, SECRET, Provider
from tests.console.visiting import Visitor

from regard.app import asgi, build
from regard.settings import Settings

PUBLIC = "https://vision.example.org"
CALLBACK = "/console/provider/callback"
NAMES = count()


class Office(House):
    """An installation whose people sign in at a provider."""

    def __init__(self, parts: Any, provider: Provider) -> None:
        super().__init__(parts)
        self.provider = provider
        self.application = asgi(parts)

    def browser(self) -> Visitor:
        return Visitor(self.application, origin=PUBLIC)

    def come_back(self, browser: Visitor, left: httpx.Response) -> httpx.Response:
        """The provider's page, which sends the browser back at once."""
        return browser.get(self.way_back(left.headers["location"]))

    def way_back(self, url: str) -> str:
        """The path by which the provider sends a browser back."""
        back = httpx.get(url).headers["location"]
        assert back.startswith(PUBLIC + CALLBACK + "?")
        return back.removeprefix(PUBLIC)

    def sign_in(self, browser: Visitor, path: str = "/console") -> httpx.Response:
        return self.come_back(browser, browser.get(f"/console/provider?next={path}"))

    def bound(self, subject: str, *roles: str) -> str:
        """The name of somebody who was invited, and chose their account at the provider."""
        name, browser = f"nina{next(NAMES)}", self.browser()
        self.provider.subject = subject
        page = browser.post(self.invited(name, *(roles or ("reviewer",))), act="provider")
        [url] = re.findall(r'href="(http://127[^"]+)"', page.text)
        answer = browser.get(self.way_back(url.replace("&amp;", "&")))
        assert answer.status_code == 303, answer.text
        return name


@contextmanager
def opened_office(folder: Path, provider: Provider) -> Iterator[Office]:
    """An office on `folder` that asks `provider`."""
    file = folder / "provider.toml"
    file.write_text(
        f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nname = "County"\nscopes = ["email"]\n'
        'second_factor_amr = ["mfa"]\n[[newcomers]]\ndomain = "county.example"\nroles = ["reviewer"]\n'
    )
    settings = Settings.load(
        {},
        data=folder / "data",
        public_url=PUBLIC,
        oidc=str(file),
        oidc_secret=SECRET,
        webhooks="private",
        public_requests=10_000,
    )
    parts = build(settings, has_models=False)
    yield Office(parts, provider)
    parts.close()
