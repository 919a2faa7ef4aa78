"""Public pages, privacy, cameras and alerts in a real browser: for everybody, and without one error."""

from __future__ import annotations

import shutil
import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn

from regard.app import asgi, build
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.settings import Settings
from tests.porch import Porch
from tests.waiting import PATIENCE

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `browser`)")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="axe is not installed (extra `browser`)"
)
CHROMIUM = shutil.which("chromium")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
PUBLIC = ("/notice", "/notice/porch", "/notice/porch?sign", "/transparency", "/feedback")
WATCHED = ("/console/cameras", "/console/cameras/porch", "/console/alerts")
KEPT = (
    "/console/privacy",
    "/console/privacy/consents",
    "/console/privacy/consents/new",
    "/console/privacy/erasures",
    "/console/privacy/holds",
    "/console/privacy/notices",
)


class Site:
    """A server with a camera, and browsers of people who have just signed in."""

    def __init__(self, porch: Porch, address: str, browser: Any) -> None:
        self.porch = porch
        self.address = address
        self._browser = browser
        self.errors: list[str] = []

    def page(self, role: str | None, scheme: str = "light") -> Any:
        """A telephone's page; of a stranger, or of somebody in a role."""
        context = self._browser.new_context(
            base_url=self.address, viewport={"width": 390, "height": 844}, color_scheme=scheme
        )
        if role is not None:
            people, sessions = People(self.porch.parts.database), BrowserSessions(self.porch.parts.database)
            person = people.add(f"{role}-{len(people.all())}", [role])
            cookie = {"name": "regard", "value": sessions.open(person, Means.PASSKEY), "url": self.address}
            context.add_cookies([cookie])
        page = context.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("browser") / "data"
    settings = Settings.load(
        {}, data=data, kinesis_endpoint="http://127.0.0.1:9", alert_quiet=1, public_requests=10_000
    )
    parts = build(settings, has_models=False)
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(asgi(parts), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        made = Site(Porch(parts), f"http://localhost:{listener.getsockname()[1]}", browser)
        yield made
        browser.close()
    parts.alerts.close()
    server.should_exit = True
    thread.join(PATIENCE)
    parts.close()


def test_an_alert_comes_by_itself_and_goes_once_it_is_seen(site: Site) -> None:
    page = site.page("operator")
    page.goto("/console/alerts")
    page.get_by_text("No camera has raised an alert.").wait_for()
    site.porch.saw("face/f-1")
    page.get_by_role("status").get_by_text("1 new alert").wait_for()
    page.get_by_text("eve (u-1)").wait_for()
    page.get_by_role("button", name="I have seen these").click()
    page.get_by_text("Nothing new.").wait_for()
    tone = page.get_by_role("button", name="Tone at a new alert")
    assert tone.get_attribute("aria-pressed") == "true"
    tone.click()
    page.reload()
    page.locator("[data-tone][aria-pressed=false]").wait_for()
    assert site.errors == []


def test_a_stranger_complains_and_reads_how_it_stands(site: Site) -> None:
    page = site.page(None)
    page.goto("/feedback")
    page.get_by_label("What it is about").select_option("ERASURE")
    page.get_by_label("In your words").fill("I was filmed at the gate.")
    page.get_by_role("button", name="Send").click()
    code = page.locator(".given").inner_text()
    page.get_by_role("link", name="Feedback").click()
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Show the answer").click()
    page.get_by_text("I want my face to be erased").wait_for()
    assert [cookie["name"] for cookie in page.context.cookies()] == []
    assert site.errors == []


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("role", "paths"),
    [(None, PUBLIC), ("operator", WATCHED), ("privacy", KEPT)],
    ids=["public", "cameras", "privacy"],
)
def test_everybody_can_use_the_pages(
    site: Site, role: str | None, paths: tuple[str, ...], scheme: str
) -> None:
    page = site.page(role, scheme)
    for path in paths:
        page.goto(path)
        found = axe.Axe().run(page, options={"runOnly": TAGS})
        assert [one["id"] for one in found.response["violations"]] == [], path
        for width in (320, 390, 1280):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert site.errors == []


@pytest.mark.slow
def test_a_sign_is_one_sheet_of_a4(site: Site) -> None:
    text = "Cameras at this gate compare faces with a list of people who are wanted by warrant. " * 4
    office = site.porch.office
    office.person("Pia", "privacy")
    office.call(
        "put_camera_notice",
        office.session("Pia", "privacy"),
        CameraId="porch",
        Language="en",
        Text=text,
        Covers=["FACE_SEARCH"],
        PostedAt=datetime(2026, 10, 1, tzinfo=UTC),
    )
    page = site.page(None)
    page.goto("/notice/porch?sign")
    sheet = page.pdf(format="A4")
    assert sheet.count(b"/Type /Page\n") == 1
