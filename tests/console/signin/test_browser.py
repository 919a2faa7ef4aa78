"""Passkeys in a real browser, with an authenticator that Chromium plays itself."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from tests.console.signin.conftest import Account, House
from tests.waiting import PATIENCE

from regard.app import asgi

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `browser`)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
CHROMIUM = shutil.which("chromium")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")


@pytest.fixture(scope="module")
def address(house: House) -> Iterator[str]:
    """Where the pages are served."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    application = asgi(house.parts, port=port)
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://localhost:{port}"
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A browser for all tests; each has cookies of its own."""
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any, address: str) -> Iterator[Any]:
    """A page with an authenticator that knows its person, and without one error."""
    context = chromium.new_context(base_url=address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    errors: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    authenticator = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": authenticator})
    yield page
    assert errors == []
    context.close()


def faults(page: Any) -> list[str]:
    """What axe finds against WCAG 2.0 to 2.2, A and AA."""
    found = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}}).response
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def test_everybody_can_use_the_pages(house: House, page: Any, address: str) -> None:
    nina = Account(house, "nadja", "reviewer")
    for path in (house.invited("nils", "auditor"), "/console/sign-in"):
        page.goto(path)
        assert faults(page) == [], path
    page.context.add_cookies([{"name": "regard", "value": nina.browser.cookies["regard"], "url": address}])
    for path in ("/console/account", "/console/verify"):
        page.goto(path)
        assert faults(page) == [], path
    page.goto("/console/account")
    page.get_by_role("button", name="Make new recovery codes").click()
    page.get_by_role("link", name="I have them").wait_for()
    assert faults(page) == []


def test_somebody_comes_by_a_link_with_a_passkey_leaves_and_comes_back(house: House, page: Any) -> None:
    page.goto(house.invited("petra", "auditor"))
    page.get_by_role("button", name="Make a passkey").click()
    page.wait_for_url("**/console")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/console/sign-in")
    page.goto("/console/account")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/console/account")
    assert page.get_by_text("You have no password.").is_visible()
    page.goto("/console/verify?next=/console/language")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/console/language")
