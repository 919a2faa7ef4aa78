"""Galleries are made, filled, looked through and erased in the console, by the real models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts, asgi
from regard.caller import LOCAL
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from tests.console.visiting import Visitor

STAFF = "/console/galleries/staff"


@pytest.fixture
def operator(parts: Parts) -> Visitor:
    token = BrowserSessions(parts.database).open(People(parts.database).add("olga", ["operator"]), Means.CODE)
    visitor = Visitor(asgi(parts), {"regard": token})
    visitor.post("/console/galleries", act="make", name="staff", purpose="general")
    return visitor


def upload(operator: Visitor, content: bytes, name: str = "eve.jpg", **fields: Any) -> dict[str, Any]:
    answer = operator.post(
        STAFF,
        files={"picture": (name, content, "image/jpeg")},
        headers={"Sec-Fetch-Site": "same-origin", "Accept": "application/json"},
        act="upload",
        **fields,
    )
    told: dict[str, Any] = answer.json()
    return told


def test_a_gallery_is_made_with_its_purpose(operator: Visitor) -> None:
    operator.post("/console/galleries", act="make", name="wanted", purpose="law-enforcement")
    assert "wanted" in operator.get("/console/galleries").text
    tags = operator.get("/console/galleries/wanted", data=True).json()["Tags"]
    assert tags["regard:purpose"] == "law-enforcement"


def test_a_picture_is_enrolled_under_the_name_of_its_file(operator: Visitor, portrait: Path) -> None:
    told = upload(operator, portrait.read_bytes(), "Eve & Co <1>.jpg")
    assert (told["Enrolled"], told["Told"]) == (1, "1 face enrolled.")
    [face] = operator.get(STAFF, data=True).json()["Faces"]
    assert face["ExternalImageId"] == "Eve_Co_1_"


def test_a_picture_without_a_face_is_told_so(operator: Visitor, texture: Path) -> None:
    assert upload(operator, texture.read_bytes())["Told"] == "No face was found."


def test_what_is_no_picture_is_refused_by_itself(operator: Visitor) -> None:
    told = upload(operator, b"no picture")
    assert (told["Enrolled"], told["Refused"]) == (0, True)
    assert "image format" in told["Told"]


def test_faces_left_out_are_told_with_the_reason(operator: Visitor, group_photo: Path) -> None:
    told = upload(operator, group_photo.read_bytes(), largest="1")
    assert told["Enrolled"] == 1
    assert "more faces than were asked for" in told["Told"]


def test_faces_are_erased_after_they_were_listed(operator: Visitor, portrait: Path, parts: Parts) -> None:
    upload(operator, portrait.read_bytes())
    [face] = operator.get(STAFF, data=True).json()["Faces"]
    asked = operator.post(STAFF, act="ask", face=face["FaceId"])
    assert face["FaceId"] in asked.text
    assert parts.gate.call("describe_collection", {"CollectionId": "staff"}, LOCAL)["FaceCount"] == 1
    operator.post(STAFF, act="erase", face=face["FaceId"])
    assert parts.gate.call("describe_collection", {"CollectionId": "staff"}, LOCAL)["FaceCount"] == 0


def test_a_gallery_goes_only_when_its_name_is_typed(operator: Visitor) -> None:
    assert operator.post(STAFF, act="erase-whole", typed="stuff").status_code == 422
    assert operator.post(STAFF, act="erase-whole", typed="staff").status_code == 303
    assert operator.get(STAFF).status_code == 404


def search(operator: Visitor, picture: Path, gallery: str = STAFF) -> Any:
    return operator.post(
        gallery, files={"picture": ("who.jpg", picture.read_bytes(), "image/jpeg")}, act="search"
    )


def test_a_picture_finds_whom_it_shows_and_nobody_else(
    operator: Visitor, portrait: Path, other_portrait: Path, texture: Path
) -> None:
    upload(operator, portrait.read_bytes(), "eve.jpg")
    found = search(operator, portrait)
    assert "<td>eve</td>" in found.text
    assert "no proof" in found.text
    assert "Nobody was found" in search(operator, other_portrait).text
    assert search(operator, texture).status_code == 422


def test_a_picture_that_is_cut_off_is_refused_in_a_sentence(
    operator: Visitor, portrait: Path, tmp_path: Path
) -> None:
    upload(operator, portrait.read_bytes(), "eve.jpg")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(portrait.read_bytes()[:-20_000])
    assert search(operator, cut).status_code == 422


def test_a_strict_gallery_is_not_searched_here(operator: Visitor, portrait: Path) -> None:
    operator.post("/console/galleries", act="make", name="wanted", purpose="law-enforcement")
    answer = search(operator, portrait, "/console/galleries/wanted")
    assert answer.status_code == 403
    assert "data:image" not in answer.text
