"""A picture is dropped, and every analysis is drawn on it: through the real gate, by the real models."""

from __future__ import annotations

import base64
import io
import json
import re
from pathlib import Path

import pytest
from PIL import Image

from regard.app import Parts, asgi
from regard.console.signin.sessions import BrowserSessions, Means
from regard.governance.people import People
from tests.console.visiting import Visitor


@pytest.fixture
def operator(parts: Parts) -> Visitor:
    token = BrowserSessions(parts.database).open(People(parts.database).add("olga", ["operator"]), Means.CODE)
    return Visitor(asgi(parts), {"regard": token})


def test_what_is_found_is_drawn_told_and_given_as_code(operator: Visitor, portrait: Path) -> None:
    answer = operator.post(
        "/console/try",
        files={"picture": ("me & you.jpg", portrait.read_bytes(), "image/jpeg")},
        act="analyze",
        analysis=["detect_faces", "detect_labels"],
    )
    assert "<td>face 1</td>" in answer.text
    assert "client.detect_faces(Image={&#34;Bytes&#34;: picture}" in answer.text
    assert "img-src 'self' blob: data:" in answer.headers["content-security-policy"]
    drawn = re.search(r'src="data:image/jpeg;base64,([^"]+)"', answer.text)
    assert drawn is not None
    with Image.open(io.BytesIO(base64.b64decode(drawn[1]))) as picture:
        assert max(picture.size) >= 1280
        assert not picture.getexif()


def test_each_analysis_of_a_picture_is_recorded_for_the_person(
    operator: Visitor, parts: Parts, texture: Path
) -> None:
    operator.post(
        "/console/try",
        files={"picture": ("a.jpg", texture.read_bytes(), "image/jpeg")},
        act="analyze",
        analysis=["detect_faces", "detect_text"],
    )
    records = [json.loads(text) for _, text, _ in parts.stores.audit.page(after=0, limit=100)]
    made = {record["operation"]: record.get("person") for record in records}
    person = People(parts.database).get("olga").person_id
    assert made["DetectFaces"] == made["DetectText"] == person


@pytest.mark.parametrize(
    ("content", "analyses", "told"),
    [
        (b"no picture", ["detect_faces"], "invalid image format"),
        (b"", ["detect_faces"], "Choose a picture"),
        (b"x", [], "Choose at least one analysis"),
    ],
)
def test_what_can_be_no_picture_is_refused_in_a_sentence(
    operator: Visitor, content: bytes, analyses: list[str], told: str
) -> None:
    answer = operator.post(
        "/console/try", files={"picture": ("a.jpg", content, "image/jpeg")}, act="analyze", analysis=analyses
    )
    assert answer.status_code == 422
    assert told in answer.text
