"""Cameras in the console: how they stand, what they saw, started and stopped, also under a strict purpose."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from regard.app import Parts, asgi, build
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from regard.governance.purpose import TAG
from regard.settings import Settings
from regard.streams.live_view import LiveViewServer
from regard.streams.steps import NOTHING
from tests.console.visiting import Visitor
from tests.porch import Porch

MARKUP = "<script>alert(1)</script>"
SHOWN = "&lt;script&gt;alert(1)&lt;/script&gt;"
PORCH = "/console/cameras/porch"
GATE = "/console/cameras/gate"


@pytest.fixture(scope="module")
def porch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Porch]:
    data = tmp_path_factory.mktemp("cameras") / "data"
    settings = Settings.load({}, data=data, kinesis_endpoint="http://127.0.0.1:9", alert_quiet=1)
    parts = build(settings, has_models=False)
    yield Porch(parts)
    parts.close()


def signed_in(parts: Parts, name: str) -> Visitor:
    token = BrowserSessions(parts.database).open(People(parts.database).get(name), Means.PASSKEY)
    return Visitor(asgi(parts), {"regard": token})


@pytest.fixture(scope="module")
def operator(porch: Porch) -> Visitor:
    People(porch.parts.database).add("Otto", ["operator"])
    return signed_in(porch.parts, "Otto")


def test_a_camera_stands_in_words(porch: Porch, operator: Visitor) -> None:
    page = operator.get("/console/cameras").text
    assert "Starting" in page
    assert "No notice posted" in page
    assert operator.get(PORCH, data=True).json()["Stream"]["CameraId"] == "porch"
    assert "hunter2" not in operator.get(PORCH).text


def test_what_it_saw_has_its_picture(porch: Porch, operator: Visitor) -> None:
    event = porch.saw()
    page = operator.get(PORCH).text
    address = f"{PORCH}/events/{event.event_id}/crop"
    assert f'src="{address}"' in page
    assert "eve (u-1), 99.6" in page
    picture = operator.get(address)
    assert (picture.content, picture.headers["cache-control"]) == (b"a face", "no-store")
    assert operator.get(f"{PORCH}/events/{event.event_id}/diary").status_code == 404
    assert operator.get(f"{PORCH}/events/guessed/crop").status_code == 404


def test_markup_in_what_a_camera_tells_is_text(porch: Porch, operator: Visitor) -> None:
    match = {"Similarity": 99.0, "Face": {"FaceId": "f-9", "ExternalImageId": MARKUP}}
    porch.saw("face/f-9", MatchedFaces=[match], UserId=None, message=MARKUP, labels=[{"name": MARKUP}])
    page = operator.get(PORCH).text
    assert SHOWN in page
    assert MARKUP not in page


def test_under_a_strict_purpose_nobody_is_shown_or_named(porch: Porch, operator: Visitor) -> None:
    event = porch.saw("face/f-2", "law-enforcement")
    address = f"{PORCH}/events/{event.event_id}"
    assert address not in operator.get(PORCH).text
    assert operator.get(f"{address}/crop").status_code == 403


def test_a_still_is_what_the_camera_saw_last(porch: Porch, operator: Visitor) -> None:
    assert operator.get(f"{PORCH}/still").status_code == 404
    views = LiveViewServer(porch.parts.settings.data, "w", lambda sample, _marks, _stream: sample.picture)
    views.show(porch.lease.processor, SimpleNamespace(picture=b"a porch", arrived=1_796_000_000.5), NOTHING)
    still = operator.get(f"{PORCH}/still")
    views.close()
    assert (still.content, still.headers["content-type"]) == (b"a porch", "image/jpeg")
    assert still.headers["x-arrived"] == "2026-11-30T00:53:20+00:00"


def test_a_camera_that_there_is_not_is_not_found(operator: Visitor) -> None:
    for path in ("/console/cameras/none", "/console/cameras/none/still"):
        assert operator.get(path).status_code == 404


class Gate:
    """A camera under a strict purpose, and who may start it."""

    def __init__(self, porch: Porch) -> None:
        self.office = office = porch.office
        office.person("Ines", "investigator", trained="search")
        office.person("Anna", "approver")
        office.person("Pia", "privacy")
        office.call("create_collection", CollectionId="wanted", Tags={TAG: "law-enforcement"})
        self.ines = office.key("Ines", "investigator")
        self.case = office.case(self.ines)
        office.call(
            "create_stream_processor",
            self.ines,
            Name="gate",
            RoleArn="arn:aws:iam::123456789012:role/r",
            Input={"KinesisVideoStream": {"Arn": "rtsp://10.0.0.9/1"}},
            Output={"KinesisDataStream": {"Arn": "arn:aws:kinesis:us-east-1:123456789012:stream/r"}},
            Settings={"FaceSearch": {"CollectionId": "wanted"}},
        )
        self.stores = porch.parts.stores

    @property
    def status(self) -> str:
        return self.stores.streams.get("gate").status.value

    def authorize(self) -> str:
        wanted: dict[str, Any] = {
            "CaseId": self.case,
            "Basis": "warrant",
            "CollectionId": "wanted",
            "Cameras": ["gate"],
        }
        asked = self.office.call("request_authorization", self.ines, **wanted)
        document: dict[str, Any] = {
            "Issuer": "Court",
            "Number": "1",
            "Digest": "ab" * 32,
            "Issued": datetime.now(UTC) - timedelta(days=1),
        }
        anna, allowed = self.office.session("Anna", "approver"), str(asked["AuthorizationId"])
        self.office.call("approve_authorization", anna, AuthorizationId=allowed, **document)
        return allowed

    def post(self) -> None:
        self.office.call(
            "put_camera_notice",
            self.office.session("Pia", "privacy"),
            CameraId="gate",
            Language="en",
            Text="Faces are searched here.",
            Covers=["FACE_SEARCH"],
            PostedAt=datetime.now(UTC) - timedelta(hours=1),
        )


def test_a_strict_search_starts_within_an_authorization_and_with_a_notice_alone(porch: Porch) -> None:
    gate = Gate(porch)
    ines = signed_in(porch.parts, "Ines")
    assert ines.post(GATE, act="start").status_code in (403, 422)
    assert ines.post(GATE, act="start", case=gate.case).status_code in (403, 422)
    allowed = gate.authorize()
    refused = ines.post(GATE, act="start", case=gate.case)
    assert refused.status_code == 403
    assert "No notice beside the camera gate" in refused.text
    assert gate.status == "STOPPED"
    gate.post()
    page = ines.get(GATE).text
    assert f"<option>{gate.case}</option>" in page
    assert "Nothing is kept of what it saw" in ines.get(f"{GATE}?case={gate.case}").text
    assert allowed in page
    assert "Notice posted" in page
    assert ines.post(GATE, act="start", case=gate.case).headers["location"] == GATE
    assert gate.status == "STARTING"
    assert allowed in ines.get(GATE).text
    ines.post(GATE, act="stop")
    assert gate.status == "STOPPED"


def test_seconds_that_are_none_are_refused_in_a_sentence(operator: Visitor) -> None:
    answer = operator.post(PORCH, act="start", seconds="soon")
    assert (answer.status_code, "from 1 to 120" in answer.text) == (422, True)
