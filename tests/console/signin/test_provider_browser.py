"""Signing in by an identity provider in a real browser, over TLS."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.console.signin.conftest import House
from tests.console.signin.telephone import Telephone
from tests.waiting import PATIENCE

from regard.app import asgi, build
from regard.settings import Settings
from regard.wire.certificates import LocalAuthority

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `browser`)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
pytest.importorskip("joserfc", reason="joserfc is not installed (extra `oidc`)")

from tests.console.signin.provider import CLIENT, SECRET, Provider  # noqa: E402

CHROMIUM = shutil.which("chromium")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]


@pytest.fixture
def provider() -> Iterator[Provider]:
    provider = Provider()
    with provider.serving():
        yield provider


@pytest.fixture
def served(tmp_path: Path, provider: Provider) -> Iterator[tuple[House, str]]:
    """The installation, by TLS, and its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    address = f"https://localhost:{listener.getsockname()[1]}"
    file = tmp_path / "provider.toml"
    file.write_text(
        f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\nname = "County"\n'
        'second_factor_amr = ["mfa"]\n'
    )
    parts = build(
        Settings.load(
            {},
            data=tmp_path / "data",
            public_url=address,
            oidc=str(file),
            oidc_secret=SECRET,
            webhooks="private",
        ),
        has_models=False,
    )
    authority = LocalAuthority.of(tmp_path / "data")
    authority.make(["localhost"])
    config = uvicorn.Config(
        asgi(parts),
        log_level="warning",
        lifespan="off",
        ssl_certfile=str(authority.files.certificate),
        ssl_keyfile=str(authority.files.key),
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield House(parts), address
    server.should_exit = True
    thread.join(PATIENCE)
    parts.close()


def test_somebody_comes_by_a_link_and_the_provider_leaves_and_comes_back(
    served: tuple[House, str], provider: Provider
) -> None:
    house, address = served
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(base_url=address, ignore_https_errors=True)
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(house.invited("petra", "auditor"))
        page.get_by_role("button", name="Sign in by County").click()
        assert _faults(page) == []
        page.get_by_role("link", name="Go on to County").click()
        page.wait_for_url("**/console")
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("link", name="Sign in by County").wait_for()
        assert page.get_by_role("link", name="Sign out at your organisation too").is_visible()
        assert _faults(page) == []
        page.get_by_role("link", name="Sign in by County").click()
        page.wait_for_url("**/console")
        page.goto("/console/verify?next=/console/account")
        page.get_by_role("link", name="Show it by County").click()
        page.wait_for_url("**/console/account")
        assert page.get_by_text("nina@county.example").is_visible()
        assert _faults(page) == []
        page.get_by_role("button", name="Add your account at County").click()
        provider.subject = "s-2"
        page.get_by_role("link", name="Go on to County").click()
        page.wait_for_url("**/console/account")
        assert page.get_by_role("button", name="Remove the account").count() == 2
        assert errors == []
        browser.close()


def test_a_guest_sets_up_a_second_factor_on_the_way_and_a_failure_is_a_page(
    served: tuple[House, str], provider: Provider
) -> None:
    house, address = served
    provider.subject, provider.claims = "s-3", {"preferred_username": "paul@county.example"}
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(
            base_url=address, ignore_https_errors=True, viewport={"width": 320, "height": 640}
        )
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(house.invited("paul", "auditor"))
        page.get_by_role("button", name="Sign in by County").click()
        page.get_by_role("link", name="Go on to County").click()
        page.get_by_text("paul@county.example").wait_for()
        assert _faults(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("textbox", name="Code").fill(Telephone.scanning(page.content()).code())
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("link", name="I have them").wait_for()
        provider.subject = "nobody"
        context.clear_cookies()
        page.goto("/console/provider")
        page.get_by_text("Nobody here has this account.").wait_for()
        assert _faults(page) == []
        browser.close()


def _faults(page: Any) -> list[str]:
    found = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]
