"""Every page of the table, in a real browser: axe, what the browser complains of, width and weight."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from regard.app import Parts, asgi, build
from regard.caller import LOCAL
from regard.console.page import Page
from regard.console.routes import PAGES
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.governance.permissions import ROLES
from regard.settings import Settings
from tests.waiting import PATIENCE

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `browser`)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
CHROMIUM = shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FIRST_VISIT, LATER_VISIT, REQUESTS = 100_000, 15_000, 12  # bytes over the wire; requests of a first visit
ELSEWHERE = "regard.test"  # a host by plain HTTP, which browsers trust less than this machine
TELEPHONE = {"viewport": {"width": 390, "height": 844}}
WAYS = {
    "small": {"viewport": {"width": 320, "height": 640}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "forced-colours": {"viewport": {"width": 1280, "height": 800}, "forced_colors": "active"},
    "without-script": {**TELEPHONE, "java_script_enabled": False},
}
QUICK = {
    "/console",
    "/console/sign-in",
    "/console/cases",
    "/console/try",
    "/console/audit",
    "/notice",
    "/feedback",
}
"""Pages that every run of the tests opens; the others take a slow one."""
OPEN = [page for page in PAGES if "{" not in page.path]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("pages") / "data"
    made = build(Settings.load({}, data=folder, public_requests=100_000), has_models=False)
    made.gate.call("create_collection", {"CollectionId": "staff"}, LOCAL)
    for role in ROLES:
        People(made.database).add(f"one-{role}", [role])
    yield made
    made.close()


@pytest.fixture(scope="module")
def address(parts: Parts) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(asgi(parts), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    rule = f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", rule])
        yield browser
        browser.close()


def opened(
    chromium: Any, parts: Parts, address: str, page: Page, way: dict[str, Any]
) -> tuple[Any, list[str]]:
    """A page in a context of its own, as somebody of its roles, and what the browser complained of."""
    context = chromium.new_context(base_url=address, **way)
    if page.roles is not None:
        person = People(parts.database).get(f"one-{sorted(page.roles)[0]}")
        token = BrowserSessions(parts.database).open(person, Means.PASSKEY)
        context.add_cookies([{"name": "regard", "value": token, "url": address}])
    shown, errors = context.new_page(), []
    shown.on("console", lambda said: errors.append(said.text) if said.type in ("error", "warning") else None)
    shown.on("pageerror", lambda error: errors.append(str(error)))
    return shown, errors


def faults(shown: Any) -> list[str]:
    """What axe finds."""
    found = axe.Axe().run(shown, options={"runOnly": RULES}).response["violations"]
    return [f"{one['id']}: {[node['html'][:100] for node in one['nodes'][:3]]}" for one in found]


def _quick_first(page: Page) -> Any:
    marks = () if page.path in QUICK else pytest.mark.slow
    return pytest.param(page, id=page.path, marks=marks)


@pytest.mark.parametrize("page", [_quick_first(page) for page in OPEN])
def test_a_page_is_accessible_light_and_without_a_complaint_of_the_browser(
    chromium: Any, parts: Parts, address: str, page: Page
) -> None:
    shown, errors = opened(chromium, parts, address, page, TELEPHONE)
    devtools = shown.context.new_cdp_session(shown)
    devtools.send("Network.enable")
    received: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
    answer = shown.goto(page.path, wait_until="networkidle")
    assert answer.status == 200
    assert errors == []
    assert faults(shown) == []
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
        "it is wider than a telephone"
    )
    assert sum(received) <= FIRST_VISIT
    assert len(received) <= REQUESTS
    received.clear()
    shown.goto(page.path, wait_until="networkidle")
    assert sum(received) <= LATER_VISIT
    shown.context.close()


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("page", OPEN, ids=lambda page: page.path)
def test_a_page_is_accessible_in_every_way_of_showing_it(
    chromium: Any, parts: Parts, address: str, page: Page, way: str
) -> None:
    shown, errors = opened(chromium, parts, address, page, WAYS[way])
    assert shown.goto(page.path).status == 200
    assert shown.locator("h1").count() == 1
    if way != "without-script":  # axe is a script
        assert faults(shown) == []
        assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert errors == []
    shown.context.close()


def test_a_public_form_is_taken_by_plain_http_from_elsewhere(chromium: Any, address: str) -> None:
    port = address.rpartition(":")[2]
    context = chromium.new_context(base_url=f"http://{ELSEWHERE}:{port}")
    page = context.new_page()
    page.goto("/console/language?next=/notice")
    page.get_by_role("button", name="Deutsch").click()
    page.wait_for_url("**/notice")
    assert page.locator("html").get_attribute("lang") == "de"
    context.close()
