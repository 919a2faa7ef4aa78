"""What several requests about one picture share."""

from __future__ import annotations

import gc
import weakref
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from regard.app import Parts
from regard.caller import LOCAL
from regard.collections.face_models import FACE_MODELS
from regard.vision import findings as findings_module
from regard.vision.findings import PictureFindings, Pictures
from regard.vision.image import Image, ImageTooLarge, decode_image
from regard.vision.models import Models
from regard.vision.session import SessionPool
from tests.collections.made_models import OTHER

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
    run, decode = SessionPool.run, findings_module.decode_image

    def counting(self: SessionPool, name: str, feeds: Any) -> Any:
        counted[name] += 1
        return run(self, name, feeds)

    def decoding(*arguments: Any, **options: Any) -> Any:
        counted["decoded"] += 1
        return decode(*arguments, **options)

    monkeypatch.setattr(SessionPool, "run", counting)
    monkeypatch.setattr(findings_module, "decode_image", decoding)
    return counted


def call(parts: Parts, operation: str, picture: bytes, **options: Any) -> dict[str, Any]:
    return parts.gate.call(
        operation, {"Image": {"Bytes": picture}, **OPERATIONS[operation]}, LOCAL, **options
    )


def test_what_requests_share_is_decoded_and_found_once(
    parts: Parts, runs: Counter[str], portrait: Path
) -> None:
    picture = portrait.read_bytes()
    call(parts, "detect_faces", picture)
    alone = Counter(runs)
    runs.clear()
    shared = Pictures(parts.models)
    for operation in OPERATIONS:
        call(parts, operation, picture, pictures=shared)
    assert runs["decoded"] == 1
    assert {name: runs[name] for name in alone} == alone, "faces are found and described once"


def test_answers_are_the_same_as_of_requests_of_their_own(parts: Parts, group_photo: Path) -> None:
    picture, shared = group_photo.read_bytes(), Pictures(parts.models)
    for operation in OPERATIONS:
        assert call(parts, operation, picture, pictures=shared) == call(parts, operation, picture)


def test_another_picture_has_findings_of_its_own(parts: Parts, portrait: Path, texture: Path) -> None:
    shared = Pictures(parts.models)
    assert len(call(parts, "detect_faces", portrait.read_bytes(), pictures=shared)["FaceDetails"]) == 1
    assert call(parts, "detect_faces", texture.read_bytes(), pictures=shared)["FaceDetails"] == []


def test_requests_share_nothing_unless_they_are_told_to(
    parts: Parts, runs: Counter[str], portrait: Path
) -> None:
    for _ in range(2):
        call(parts, "detect_labels", portrait.read_bytes())
    assert (runs["decoded"], runs["centernet"]) == (2, 2)


def test_a_finding_that_several_threads_ask_for_is_made_once(
    sessions: SessionPool, runs: Counter[str], group: Image
) -> None:
    findings = PictureFindings(group, Models.on(sessions))
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: findings.objects(), range(4)))
    assert runs["centernet"] == 1
    assert all(one is found[0] for one in found)


def test_of_each_face_an_embedding_is_made_once_and_only_when_it_is_asked_for(
    sessions: SessionPool, runs: Counter[str], group: Image
) -> None:
    findings = PictureFindings(group, Models.on(sessions))
    embedder = FACE_MODELS["2.0"].embedder
    largest = findings.faces()[:1]
    one = findings.embeddings(embedder, largest)
    assert (runs["dlib-resnet"], runs["faceres"]) == (2, 1), "dlib's network sees the mirror image too"
    every = findings.embeddings(embedder)
    assert one.shape == (1, findings.embeddings(embedder, []).shape[1])
    assert every[0].tolist() == one[0].tolist()
    runs.clear()
    findings.attributes()
    assert runs["faceres"] == 0, "what embeddings were made of serves attributes too"
    again = findings.embeddings(embedder, findings.faces()[::-1])
    assert again[::-1].tolist() == every.tolist()
    assert runs["dlib-resnet"] == 0


def test_two_face_models_ask_a_network_once_that_both_need(
    sessions: SessionPool, runs: Counter[str], group: Image
) -> None:
    findings = PictureFindings(group, Models.on(sessions))
    older, other = FACE_MODELS["2.0"], OTHER
    one = findings.embeddings(older.embedder)
    asked = runs["dlib-resnet"]
    two = findings.embeddings(other.embedder)
    assert runs["dlib-resnet"] == asked > 0
    assert (one.shape[1], two.shape[1]) == (older.dimension, other.dimension)
    alone = PictureFindings(group, Models.on(sessions))
    assert np.array_equal(alone.embeddings(other.embedder), two)


def test_persons_and_objects_are_told_from_one_run_of_the_network(
    sessions: SessionPool, runs: Counter[str], astronaut: Image
) -> None:
    findings = PictureFindings(astronaut, Models.on(sessions))
    [person] = [one for one in findings.objects() if one.name == "person"]
    persons = findings.persons()
    assert runs["centernet"] == 1
    assert persons.probabilities[0] == pytest.approx(person.probabilities[0])
    vectors = findings.person_embeddings(np.array([0, 0]))
    assert vectors[0].tolist() == vectors[1].tolist()
    assert runs["mobilenetv2"] == 1


def test_what_a_model_raises_is_not_kept(portrait: Path) -> None:
    class Refusing:
        def detect(self, image: Image) -> None:
            refused.append(image)
            raise ValueError

    refused: list[Image] = []
    models = SimpleNamespace(faces=Refusing())
    findings = PictureFindings(decode_image(portrait.read_bytes()), models)  # type: ignore[arg-type]
    for _ in range(2):
        with pytest.raises(ValueError, match="^$"):
            findings.faces()
    assert len(refused) == 2


def test_the_limits_of_each_who_opens_a_picture_hold(sessions: SessionPool, portrait: Path) -> None:
    pictures, picture = Pictures(Models.on(sessions)), portrait.read_bytes()
    seen = pictures.open(picture, max_side=4096, max_pixels=10**7)
    with pytest.raises(ImageTooLarge):
        pictures.open(picture, max_side=100, max_pixels=10**7)
    assert pictures.open(picture, max_side=4096, max_pixels=10**7) is seen


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Python's garbage collection waits until the test is over."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("uncollected")
def test_a_picture_leaves_memory_at_once_with_what_was_found_in_it(
    sessions: SessionPool, group: Image
) -> None:
    """It waits for no garbage collection: until that comes, many more pictures may."""
    findings = PictureFindings(Image(group.pixels, "again"), Models.on(sessions))
    largest = findings.faces()[:1]
    findings.attributes(largest)
    findings.embeddings(FACE_MODELS["3.0"].embedder, largest)
    findings.person_embeddings(np.array([0]))
    picture = weakref.ref(findings.image.copies)
    assert picture() is not None
    del findings
    assert picture() is None
