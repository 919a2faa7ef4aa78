"""What anybody may open: notices, transparency, feedback, receipts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from regard.app import Parts, asgi, build
from regard.cli import app as cli
from regard.collections.records import NewFace
from regard.console.building import build_public_pages
from regard.console.error_rates import one_in
from regard.console.signin.sessions import BrowserSessions, Means
from regard.evaluation.card import ModelCard
from regard.governance.people import People
from regard.settings import Settings
from regard.vision.geometry import Box
from tests.console.visiting import Visitor
from tests.responsible import Office

MARKUP = "<script>alert(1)</script>"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"


class Site:
    """A server's public pages, and an office behind them."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.office = Office(parts)
        self.office.person("Pia", "privacy")
        self.privacy = self.office.session("Pia", "privacy")

    def visitor(self) -> Visitor:
        return Visitor(asgi(self.parts))

    def notice(self, camera: str, text: str) -> None:
        posted = datetime(2026, 10, 1, tzinfo=UTC)
        self.office.call(
            "put_camera_notice",
            self.privacy,
            CameraId=camera,
            Language="en",
            Text=text,
            Covers=["FACE_SEARCH"],
            PostedAt=posted,
        )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    data = tmp_path_factory.mktemp("public") / "data"
    parts = build(Settings.load({}, data=data, feedback_a_day=1000), has_models=False)
    yield Site(parts)
    parts.close()


@pytest.fixture
def enrolled(site: Site) -> str:
    """The id of eve's face, in a collection of its own."""
    site.office.call("create_collection", CollectionId="staff")
    vector = np.random.default_rng(1).normal(size=512).astype(np.float32)
    face = NewFace(Box(0.1, 0.1, 0.1, 0.1), 99.0, vector)
    stores = site.parts.stores
    [stored] = stores.gallery.add(
        stores.collections.get("staff"), [face], image_digest="1", external_image_id="eve"
    )
    return stored.face_id


@pytest.fixture
def stranger(site: Site) -> Visitor:
    return site.visitor()


def sent(stranger: Visitor, **changes: Any) -> str:
    """The code of feedback that was sent by the form."""
    fields: dict[str, Any] = {"kind": "ERASURE", "text": "Mine.", **changes}
    answer = stranger.post("/feedback", act="send", **fields)
    assert answer.status_code == 200, answer.text
    return answer.text.partition("<code>")[2].partition("</code>")[0]


def test_a_notice_says_what_a_camera_does_in_the_words_that_hang_there(site: Site, stranger: Visitor) -> None:
    site.notice("gate", f"We compare faces. {MARKUP}")
    for path in ("/notice", "/notice/gate", "/notice/gate?sign"):
        page = stranger.get(path).text
        assert f"We compare faces. {SHOWN}" in page
        assert "Faces are compared with a list of people" in page
        assert MARKUP not in page
    assert stranger.get("/notice/gate", data=True).json()["Covers"] == ["FACE_SEARCH"]


def test_a_sign_leads_to_its_notice(site: Site, stranger: Visitor) -> None:
    site.notice("door", "We compare faces.")
    page = stranger.get("/notice/door?sign").text
    assert "<b>http://localhost:8090/notice/door</b>" in page
    assert "this machine alone" in page
    assert 'viewBox="0 0 37 37"' in page  # with its quiet zone a QR code of version 3, which telephones read
    assert "style=" not in page


def test_a_camera_without_a_notice_is_not_found(stranger: Visitor) -> None:
    assert stranger.get("/notice/nowhere").status_code == 404


def test_what_is_sent_is_read_again_by_its_code_alone(stranger: Visitor) -> None:
    code = sent(stranger, text=f"Erase me. {MARKUP}", contact="me@example.org")
    page = stranger.get(f"/feedback/{code}")
    assert "I want my face to be erased" in page.text
    assert stranger.get(f"/feedback/{code}", data=True).json()["State"] == "RECEIVED"
    assert "Erase me" not in page.text  # whoever finds a code reads nothing of what was written
    assert stranger.get("/feedback/" + "0" * 32).status_code == 404
    assert stranger.get(f"/feedback?code={code}").headers["location"] == f"/feedback/{code}"


def test_an_answer_is_shown_with_its_receipts(site: Site, stranger: Visitor) -> None:
    code = sent(stranger)
    office = site.office
    found = office.call("list_feedback", site.privacy)["Feedback"][-1]["FeedbackId"]
    office.call("decide_feedback", site.privacy, FeedbackId=found, Decision="IDENTIFIED")
    refused = {"Reason": f"No. {MARKUP}", "ComplainTo": "The commissioner."}
    office.call("decide_feedback", site.privacy, FeedbackId=found, Decision="REFUSED", **refused)
    page = stranger.get(f"/feedback/{code}").text
    assert f"No. {SHOWN}" in page
    assert "The commissioner." in page


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"text": ""}, "Write what it is about."),
        ({"kind": "RANSOM", "text": MARKUP}, "Choose what it is about."),
        ({"text": "x" * 4097}, "too long"),
    ],
)
def test_a_form_that_is_not_taken_comes_back_as_it_was(
    stranger: Visitor, fields: dict[str, Any], said: str
) -> None:
    sent: dict[str, Any] = {"kind": "ACCESS", "contact": MARKUP, **fields}
    answer = stranger.post("/feedback", act="send", **sent)
    assert answer.status_code == 422
    assert said in answer.text
    assert f'value="{SHOWN}"' in answer.text
    assert MARKUP not in answer.text


@pytest.mark.parametrize("content", [b"GIF89a", b"\xff\xd8\xff" + b"x" * 1_048_576], ids=["type", "size"])
def test_a_picture_that_is_none_is_refused(stranger: Visitor, content: bytes) -> None:
    files = {"picture": ("me.jpg", content, "image/jpeg")}
    answer = stranger.post("/feedback", act="send", kind="ACCESS", text="Who?", files=files)
    assert answer.status_code == 422
    assert "picture" in answer.text.lower()


def test_an_address_sends_so_much_a_day_whoever_is_signed_in(tmp_path: Path) -> None:
    parts = build(Settings.load({}, data=tmp_path / "data", feedback_a_day=1), has_models=False)
    try:
        visitor = Visitor(asgi(parts))
        person = People(parts.database).add("Ada", ["admin"])
        visitor.cookies = {"regard": BrowserSessions(parts.database).open(person, Means.PASSKEY)}
        sent(visitor)
        answer = visitor.post("/feedback", act="send", kind="ACCESS", text="Again.")
        assert answer.status_code == 422
        assert "Try again tomorrow" in answer.text
        assert all(person.person_id not in str(record) for record in parts.audit.export())
    finally:
        parts.close()


def test_a_stranger_asks_only_so_often(tmp_path: Path) -> None:
    parts = build(Settings.load({}, data=tmp_path / "data", public_requests=2), has_models=False)
    try:
        visitor = Visitor(asgi(parts))
        assert [visitor.get("/notice").status_code for _ in range(3)] == [200, 200, 429]
    finally:
        parts.close()


def test_a_receipt_is_what_the_command_verifies(
    site: Site, stranger: Visitor, tmp_path: Path, enrolled: str
) -> None:
    erased = site.office.call(
        "erase_faces", site.privacy, CollectionId="staff", ExternalImageId="eve", Reason=MARKUP
    )
    address = f"/receipts/{erased['ReceiptId']}"
    page = stranger.get(address).text
    assert enrolled in page
    assert MARKUP not in page
    file = tmp_path / "receipt.json"
    file.write_bytes(stranger.get(f"{address}?file").content)
    assert json.loads(file.read_text()) == stranger.get(address, data=True).json()
    checked = CliRunner().invoke(cli, ["receipt", "verify", str(file)])
    assert checked.exit_code == 0, checked.output


def test_a_receipt_that_nobody_was_given_is_not_found(stranger: Visitor) -> None:
    assert stranger.get("/receipts/guessed").status_code == 404


def test_transparency_tells_the_rules_and_the_head_before_a_month_is_over(stranger: Visitor) -> None:
    page = stranger.get("/transparency").text
    assert "No month of this service is over yet" in page
    assert "Newest record" in page
    assert stranger.get("/transparency?month=2020-01").status_code == 422
    assert stranger.get("/transparency?month=%3Cscript%3E").status_code == 422


def test_transparency_counts_the_months_that_are_over(tmp_path: Path) -> None:
    parts = build(Settings.load({}, data=tmp_path / "data"), has_models=False)
    try:
        parts.audit.append(
            {
                "time": "2026-01-05T04:05:06.000+00:00",
                "operation": "SearchFaces",
                "purpose": MARKUP,
                "outcome": "ok",
            }
        )
        parts.stores.seals.seal_due(datetime(2026, 1, 6, 1, tzinfo=UTC))
        page = Visitor(asgi(parts)).get("/transparency?month=2026-01").text
        assert "<option selected>2026-01</option>" in page
        assert "Searches by purpose" in page
        assert MARKUP not in page
        assert Visitor(asgi(parts)).get("/transparency", data=True).json()["Name"] == "transparency"
    finally:
        parts.close()


def test_public_pages_alone_are_whole(site: Site) -> None:
    parts = site.parts
    alone = Visitor(build_public_pages(parts.settings, parts.apis))
    assert alone.get("/").headers["location"] == "/notice"
    assert 'class="brand" href="/notice"' in alone.get("/notice").text
    assert alone.get("/console").status_code == 404
    assert alone.get("/regard/v1/notices").status_code == 404


def test_no_page_of_strangers_sets_a_cookie(stranger: Visitor) -> None:
    for path in ("/notice", "/transparency", "/feedback"):
        assert "set-cookie" not in stranger.get(path).headers


def test_transparency_tells_what_the_face_models_get_wrong_by_group(stranger: Visitor) -> None:
    page = stranger.get("/transparency").text
    told = stranger.get("/transparency", data=True).json()["FaceModels"]
    [default] = [one for one in told if one["IsDefault"]]
    card = ModelCard.load("default", default["FaceModelVersion"])
    assert [rate["FalseMatchRate"]["Value"] for rate in default["Rates"]] == [
        rate.false_match.value for rate in card.rates
    ]
    groups = [group for table in card.groups for group in table.groups]
    assert [one["Name"] for one in default["Groups"]] == [group.name for group in groups]
    for group in groups:
        assert group.name in page
    strict = next(rate for rate in card.rates if rate.threshold == 99)
    assert f"1 in {one_in(strict.false_match.value):,}*" in page


@pytest.mark.parametrize(("rate", "many"), [(1.0, 1), (0.000099, 10_000), (1.24467e-06, 800_000), (0.0, 0)])
def test_a_rate_is_one_in_so_many(rate: float, many: int) -> None:
    assert one_in(rate) == many
