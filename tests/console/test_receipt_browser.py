"""A receipt that Chromium checks by itself: what holds, and everything that somebody could change in one."""

from __future__ import annotations

import json
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
import uvicorn

from regard.app import asgi, build
from regard.collections.records import NewFace
from regard.settings import Settings
from regard.vision.geometry import Box
from tests.responsible import Office
from tests.waiting import PATIENCE

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra `browser`)")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
CHROMIUM = shutil.which("chromium")
TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed")

Document = dict[str, Any]


class Desk:
    """A page on which receipts are checked, and a receipt of a sealed day."""

    def __init__(self, page: Any, sealed: str, unsealed: str) -> None:
        self.page = page
        self.sealed, self.unsealed = sealed, unsealed
        page.goto(sealed)
        self.receipt: Document = json.loads(page.evaluate("fetch('?file').then((answer) => answer.text())"))

    def said(self) -> str:
        self.page.locator("output:not(:empty)").wait_for()
        return str(self.page.locator("output").inner_text())

    def said_of(self, content: bytes) -> str:
        """What the page says of a file."""
        self.page.evaluate("document.querySelector('output').textContent = ''")
        file = {"name": "receipt.json", "mimeType": "application/json", "buffer": content}
        self.page.get_by_label("Or a receipt that you have kept as a file").set_input_files(file)
        return self.said()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("receipts") / "data"
    parts = build(Settings.load({}, data=data, public_requests=10_000), has_models=False)
    office, stores = Office(parts), parts.stores
    office.person("Pia", "privacy")
    privacy = office.session("Pia", "privacy")
    office.call("create_collection", CollectionId="staff")
    made = []
    for name in ("eve", "eva"):
        vector = np.random.default_rng(len(made)).normal(size=512).astype(np.float32)
        face = NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, vector)
        stores.gallery.add(stores.collections.get("staff"), [face], image_digest=name, external_image_id=name)
        erased = office.call(
            "erase_faces", privacy, CollectionId="staff", ExternalImageId=name, Reason="Müller"
        )
        made.append(f"/receipts/{erased['ReceiptId']}")
        if len(made) == 1:
            stores.seals.seal_due(datetime.now(UTC) + timedelta(days=1))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(asgi(parts), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(base_url=f"http://localhost:{listener.getsockname()[1]}")
        page.set_default_timeout(PATIENCE * 1000)
        errors: list[str] = []
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: errors.append(str(error)))
        yield Desk(page, *made)
        browser.close()
    server.should_exit = True
    thread.join(PATIENCE)
    parts.close()
    assert errors == []


def test_a_receipt_of_a_sealed_day_holds_and_its_record_is_shown(desk: Desk) -> None:
    desk.page.goto(desk.sealed)
    desk.page.get_by_role("button", name="Check this receipt").click()
    assert desk.said().startswith("It holds")
    assert json.loads(desk.page.locator("[data-receipt] pre").inner_text()) == json.loads(
        desk.receipt["Record"]
    )
    found = axe.Axe().run(desk.page, options={"runOnly": TAGS})
    assert [one["id"] for one in found.response["violations"]] == []


def changed(**members: Any) -> Callable[[Document], Document]:
    return lambda receipt: {**receipt, **members}


def in_day(**members: Any) -> Callable[[Document], Document]:
    return lambda receipt: {**receipt, "Day": {**receipt["Day"], **members}}


SPOILED = {
    "another record": (changed(Record="{}"), "the record, or a hash beside it"),
    "another hash": (changed(Hash="0" * 64), "the record, or a hash beside it"),
    "another number": (
        lambda receipt: {**receipt, "Sequence": receipt["Sequence"] - 1},
        "not below the root",
    ),
    "no path": (changed(Path=[]), "not below the root"),
    "another root": (in_day(Root="0" * 64), "not below the root"),
    "another date": (in_day(Date="2026-01-01"), "the signature of the day"),
    "another key": (in_day(PublicKey="0" * 64), "the signature of the day"),
    "another signature": (in_day(Signature="0" * 128), "the signature of the day"),
    "half a signature": (in_day(Signature="00"), "the signature of the day"),
    "a number for a hash": (changed(Hash=7), "no receipt"),
    "a path that is none": (changed(Path=["<b>"]), "no receipt"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_receipt_that_was_changed_fails_visibly(desk: Desk, how: str) -> None:
    spoil, sentence = SPOILED[how]
    said = desk.said_of(json.dumps(spoil(desk.receipt)).encode())
    assert sentence in said
    assert desk.page.locator("output").get_attribute("class") == "message bad"
    assert desk.page.locator("[data-receipt] pre").is_hidden()


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{", b"7", b"\xff\xfe"])
def test_a_file_that_is_none_is_said_to_be_none(desk: Desk, content: bytes) -> None:
    assert desk.said_of(content) == "This is no receipt."


def test_of_a_day_that_is_not_sealed_only_the_record_is_checked(desk: Desk) -> None:
    desk.page.goto(desk.unsealed)
    desk.page.get_by_role("button", name="Check this receipt").click()
    assert "not sealed yet" in desk.said()
