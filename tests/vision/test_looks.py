"""What several requests about one picture share."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from regard.app import Parts
from regard.caller import LOCAL
from regard.vision import looks as looks_module
from regard.vision.session import SessionPool

OPERATIONS: dict[str, dict[str, Any]] = {
    "detect_faces": {"Attributes": ["ALL"]},
    "detect_labels": {"Features": ["GENERAL_LABELS", "IMAGE_PROPERTIES"]},
    "recognize_celebrities": {},
    "detect_text": {},
}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each network ran, and how often a picture was decoded."""
    counted: Counter[str] = Counter()
    run, decode = SessionPool.run, looks_module.decode_image

    def counting(self: SessionPool, name: str, feeds: Any) -> Any:
        counted[name] += 1
        return run(self, name, feeds)

    def decoding(*arguments: Any, **options: Any) -> Any:
        counted["decoded"] += 1
        return decode(*arguments, **options)

    monkeypatch.setattr(SessionPool, "run", counting)
    monkeypatch.setattr(looks_module, "decode_image", decoding)
    return counted


def call(parts: Parts, operation: str, picture: bytes, **options: Any) -> dict[str, Any]:
    return parts.gate.call(
        operation, {"Image": {"Bytes": picture}, **OPERATIONS[operation]}, LOCAL, **options
    )


def test_what_requests_share_is_decoded_and_looked_for_once(
    parts: Parts, runs: Counter[str], portrait: Path
) -> None:
    picture = portrait.read_bytes()
    call(parts, "detect_faces", picture)
    alone = Counter(runs)
    runs.clear()
    shared = parts.models.looks()
    for operation in OPERATIONS:
        call(parts, operation, picture, looks=shared)
    assert runs["decoded"] == 1
    assert {name: runs[name] for name in alone} == alone, "faces are found and described once"


def test_answers_are_the_same_as_of_requests_of_their_own(parts: Parts, group_photo: Path) -> None:
    picture, shared = group_photo.read_bytes(), parts.models.looks()
    for operation in OPERATIONS:
        assert call(parts, operation, picture, looks=shared) == call(parts, operation, picture)


def test_another_picture_is_looked_at_anew(parts: Parts, portrait: Path, texture: Path) -> None:
    shared = parts.models.looks()
    assert len(call(parts, "detect_faces", portrait.read_bytes(), looks=shared)["FaceDetails"]) == 1
    assert call(parts, "detect_faces", texture.read_bytes(), looks=shared)["FaceDetails"] == []


def test_requests_share_nothing_unless_they_are_told_to(
    parts: Parts, runs: Counter[str], portrait: Path
) -> None:
    for _ in range(2):
        call(parts, "detect_labels", portrait.read_bytes())
    assert (runs["decoded"], runs["centernet"]) == (2, 2)
