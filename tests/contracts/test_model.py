"""Every model says which networks it runs, runs no others, and answers the same whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.packs.install import InstalledPack
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import Image, decode_image
from regard.vision.labels import LabelDetector
from regard.vision.session import SessionPool
from regard.vision.text import TextAnalyzer


def look_at_faces(model: FaceAnalyzer, image: Image) -> list[NDArray[Any]]:
    faces = model.detect(image)
    boxes = [(face.box.left, face.box.top, face.box.width, face.box.height) for face in faces]
    return [np.array(boxes), *(face.landmarks for face in faces), model.embed(image, faces)]


def read_text(model: TextAnalyzer, image: Image) -> list[NDArray[Any]]:
    lines = model.read(image)
    return [np.array([line.confidence for line in lines]), *(line.quad for line in lines)]


def look_for_labels(model: LabelDetector, image: Image) -> list[NDArray[Any]]:
    labels = model.label(image, [], [])
    boxes = [
        (one.box.left, one.box.top, one.box.width, one.box.height, one.confidence)
        for label in labels
        for one in label.instances
    ]
    return [np.array([label.confidence for label in labels]), np.array(boxes)]


# A model's class, and everything it can say of a picture, as arrays.
IMPLEMENTATIONS: Mapping[str, tuple[Any, Callable[[Any, Image], list[NDArray[Any]]]]] = {
    "faces": (FaceAnalyzer, look_at_faces),
    "text": (TextAnalyzer, read_text),
    "labels": (LabelDetector, look_for_labels),
}


class Recorder:
    """A runner that notes which networks ran."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions
        self.ran: set[str] = set()

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.ran.add(name)
        return self._sessions.run(name, feeds)

    def metadata(self, name: str) -> Mapping[str, str]:
        return self._sessions.metadata(name)


@pytest.fixture(scope="module")
def recorder(installed_pack: InstalledPack) -> Recorder:
    return Recorder(SessionPool(installed_pack.paths()))


@pytest.fixture(scope="module")
def image(group_photo: Path) -> Image:
    return decode_image(group_photo.read_bytes())


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_a_model_runs_the_networks_that_it_names_and_the_pack_has_them(
    name: str, recorder: Recorder, image: Image, installed_pack: InstalledPack
) -> None:
    make, look = IMPLEMENTATIONS[name]
    recorder.ran.clear()
    look(make(recorder), image)
    assert recorder.ran <= set(make.networks)
    assert set(make.networks) <= set(installed_pack.paths())
    assert make.version


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_a_model_answers_the_same_from_several_threads(name: str, recorder: Recorder, image: Image) -> None:
    make, look = IMPLEMENTATIONS[name]
    model = make(recorder)
    alone = look(model, image)
    with ThreadPoolExecutor(4) as executor:
        together = list(executor.map(lambda _: look(model, image), range(4)))
    for answer in together:
        for one, other in zip(answer, alone, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
def test_a_model_leaves_the_picture_as_it_was(name: str, recorder: Recorder, image: Image) -> None:
    make, look = IMPLEMENTATIONS[name]
    before = image.pixels.copy()
    look(make(recorder), image)
    np.testing.assert_array_equal(image.pixels, before)


@pytest.mark.parametrize("name", IMPLEMENTATIONS)
@pytest.mark.parametrize("shape", [(80, 80, 3), (80, 3000, 3), (3000, 80, 3)])
def test_a_model_takes_pictures_of_any_shape(name: str, shape: tuple[int, ...], recorder: Recorder) -> None:
    make, look = IMPLEMENTATIONS[name]
    noise = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    look(make(recorder), Image(noise, "digest"))
