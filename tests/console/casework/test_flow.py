"""From a picture on a telephone to a lead, in a real browser: a query and two blind reviews."""

from __future__ import annotations

import re
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from regard.app import asgi
from tests.console.casework.conftest import Browse
from tests.reviewing import ReviewOffice
from tests.waiting import PATIENCE

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `browser`)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed"),
]

_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]
Telephone = Callable[[str], Any]


@pytest.fixture
def address(office: ReviewOffice) -> Iterator[str]:
    """Where the pages are served."""
    listener = socket.create_server(("127.0.0.1", 0))
    application = asgi(office.parts)
    server = uvicorn.Server(uvicorn.Config(application, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(PATIENCE)


@pytest.fixture
def telephone(address: str, browse: Browse) -> Iterator[Telephone]:
    """A page on the telephone of somebody who is signed in; no browser may say a word in its console."""
    said: list[str] = []
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])

        def opened(name: str) -> Any:
            context = browser.new_context(
                base_url=address, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
            )
            token = browse(name).cookies["regard"]
            context.add_cookies([{"name": "regard", "value": token, "url": address}])
            page = context.new_page()
            page.set_default_timeout(PATIENCE * 1000)
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            return page

        yield opened
        browser.close()
    assert said == []


def check(page: Any) -> None:
    """Everybody can use the page as it is now, in light and dark, and it is no wider than the telephone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.Axe().run(page, options={"runOnly": {"type": "tag", "values": _TAGS}})
        assert found.response["violations"] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def rate(page: Any, choose: Callable[[Any], None]) -> None:
    """Takes the next sheet, rates it and commits."""
    page.goto("/console/review")
    check(page)
    page.get_by_role("button", name="Next sheet").tap()
    page.wait_for_url(re.compile("/console/review/R-"))
    page.get_by_role("group", name="View").wait_for()
    check(page)
    choose(page)
    page.get_by_role("button", name="Commit").tap()
    page.get_by_text("Your ratings are kept").wait_for()
    check(page)


def by_keys(page: Any) -> None:
    page.keyboard.press("7")


def by_touch(page: Any) -> None:
    page.get_by_role("button", name="Mirror").tap()
    page.get_by_label("Zoom").fill("200")
    page.get_by_label("Probably the same person").tap()


@pytest.mark.usefixtures("gallery")
def test_a_picture_becomes_a_lead_by_two_who_know_nothing_of_each_other(
    office: ReviewOffice, telephone: Telephone, portrait: Path
) -> None:
    asking = telephone("ines")
    asking.goto(f"/console/query?case={office.case_id}")
    asking.get_by_label("Picture", exact=True).set_input_files(portrait)
    asking.get_by_role("img", name="The picture that you chose").wait_for()
    check(asking)
    asking.get_by_role("button", name="Find the faces").tap()
    asking.get_by_role("img", name="The picture, with its faces numbered").wait_for()
    check(asking)
    asking.get_by_role("button", name="Search for face 1").tap()
    asking.get_by_text("Nobody is named until two trained people have compared them.").wait_for()
    check(asking)
    rate(telephone("rita"), by_keys)
    rate(telephone("rolf"), by_touch)
    asking.get_by_text("An investigative lead, not an identification.").wait_for()  # the page renews itself
    check(asking)
    [review] = office.call("list_reviews", office.ines, CaseId=office.case_id)["Reviews"]
    assert [rating["Value"] for rating in review["Ratings"]] == [3, 2]
    assert review["Ratings"][1]["Note"] == "Seen mirrored."
