"""Photographs the console: `make pictures`, from the free portraits of the tests, with Debian's Chromium.

It serves an installation of made data, opens pages as people of several roles, on a telephone in light and
at a desk in dark, and writes docs/pictures/PAGE-WAY.webp.
"""

from __future__ import annotations

import io
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import uvicorn
from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.reviewing import ReviewOffice  # noqa: E402

from regard.app import Parts, asgi, build  # noqa: E402
from regard.console.signin.sessions import BrowserSessions, Means  # noqa: E402
from regard.governance.people import People  # noqa: E402
from regard.settings import Settings  # noqa: E402

TESTS: Final = ROOT / "tests" / "pictures"
TARGET: Final = ROOT / "docs" / "pictures"
MAX_BYTES: Final = 80_000
WAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
}


@dataclass(frozen=True, slots=True)
class Photograph:
    """A page to be photographed, as somebody of the office, in those of `WAYS` that pages show."""

    name: str
    path: str
    person: str | None
    ways: tuple[str, ...] = ("phone", "desk")


def main() -> None:
    TARGET.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        parts = build(Settings.load({}, data=Path(folder) / "data", prices="aws-us-east-1-2026"))
        office, photographs = _furnish(parts)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(asgi(parts), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _photograph(parts, office, photographs, f"http://localhost:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            thread.join()
            parts.close()


def _furnish(parts: Parts) -> tuple[ReviewOffice, list[Photograph]]:
    """An office with a gallery, a search that is reviewed, and what its people open."""
    office = ReviewOffice(parts)
    office.person("ada", "admin")
    office.person("paul", "auditor")
    office.gallery(TESTS / "hopper.jpg", TESTS / "astronaut.jpg")
    review = office.review_of(office.search(TESTS / "astronaut.jpg"))
    office.rate("rita", 3)
    return office, [
        Photograph("sign-in", "/console/sign-in", None, ("desk",)),
        Photograph("case", f"/console/cases/{office.case_id}", "ines"),
        Photograph("pending", f"/console/reviews/{review}", "ines", ("phone",)),
        Photograph("review", "/console/review", "rolf"),
        Photograph("gallery", "/console/galleries/wanted", "otto"),
        Photograph("try", "/console/try", "otto"),
        Photograph("usage", "/console/usage", "paul", ("desk",)),
        Photograph("audit", "/console/audit", "paul", ("desk",)),
        Photograph("people", "/console/people", "ada", ("desk",)),
        Photograph("feedback", "/feedback", None, ("phone",)),
    ]


def _photograph(parts: Parts, office: ReviewOffice, photographs: list[Photograph], address: str) -> None:
    people, sessions = People(parts.database), BrowserSessions(parts.database)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for one in photographs:
            for way in one.ways:
                context = browser.new_context(base_url=address, device_scale_factor=2, **WAYS[way])
                if one.person is not None:
                    token = sessions.open(people.get(office.name(one.person)), Means.PASSKEY)
                    context.add_cookies([{"name": "regard", "value": token, "url": address}])
                page = context.new_page()
                page.goto(one.path)
                _act(page, one.name)
                _write(page.screenshot(), TARGET / f"{one.name}-{way}.webp")
                context.close()
        browser.close()


def _act(page: Page, name: str) -> None:
    """What must be done on a page before it shows what it is for."""
    if name == "try":
        page.set_input_files("#picture", TESTS / "astronaut.jpg")
        page.get_by_role("button", name="Analyse").click()
        page.locator("figure img").scroll_into_view_if_needed()
    if name == "review" and page.get_by_role("button", name="Next sheet").count():
        page.get_by_role("button", name="Next sheet").click()
        page.wait_for_load_state("networkidle")


def _write(shot: bytes, target: Path) -> None:
    """As WebP, as good as fits into `MAX_BYTES`."""
    with Image.open(io.BytesIO(shot)) as picture:
        for quality in range(80, 20, -10):
            written = io.BytesIO()
            picture.convert("RGB").save(written, "WEBP", quality=quality, method=6)
            if len(written.getvalue()) <= MAX_BYTES:
                break
        target.write_bytes(written.getvalue())


main()
