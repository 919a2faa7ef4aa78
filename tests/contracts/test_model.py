"""Every model says which networks it runs, runs no others, and answers the same whoever asks.

A model is a class of `regard.vision` that names its `networks`. Each that there is has to stand here.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from tests.vision.test_hard_faces import hidden, people

import regard.vision
from regard.measurements import Timings
from regard.packs.install import InstalledPack
from regard.vision.body_parts import BodyPartDetector
from regard.vision.custom import cells
from regard.vision.custom.cells import CellReader
from regard.vision.custom.embedding import PictureFeatures
from regard.vision.explicit import ExplicitClassifier
from regard.vision.faces import Face, FaceAnalyzer, Pose, Quality
from regard.vision.faces.alignment import TEMPLATE
from regard.vision.faces.blazeface import BlazeFace
from regard.vision.faces.describer import FaceDescriber
from regard.vision.faces.descriptors import FaceDescriptors
from regard.vision.faces.embedding import DlibFaceResEmbedder, MobileFaceNetDlibEmbedder
from regard.vision.faces.mesh import FaceMesh
from regard.vision.faces.mtcnn import Mtcnn
from regard.vision.geometry import Box, corners
from regard.vision.image import Image, decode_image
from regard.vision.labels import LabelDetector
from regard.vision.labels.classes import PictureClassifier
from regard.vision.labels.label import Instance
from regard.vision.labels.objects import FoundClass, ObjectDetector, letterboxed
from regard.vision.models import Models
from regard.vision.nudity import NudityDetector
from regard.vision.persons import PersonEmbedder
from regard.vision.pixels import Copies
from regard.vision.protective import ProtectiveDetector
from regard.vision.protective.equipment import EquipmentReader
from regard.vision.protective.parts import PartSquare
from regard.vision.protective.pose import BodyPose
from regard.vision.session import SessionPool
from regard.vision.text import TextAnalyzer


def landmarks(image: Image) -> NDArray[np.float32]:
    """(1, 5, 2): of a face in the middle."""
    side = min(image.width, image.height) / 2
    return np.asarray(TEMPLATE * side / np.ptp(TEMPLATE, 0).max() + middle(image), np.float32)[None]


def middle(image: Image) -> NDArray[np.float64]:
    return np.array([image.width / 2, image.height / 2])


def body(image: Image) -> Box:
    """The middle of the picture."""
    return Box(image.width / 4, image.height / 4, image.width / 2, image.height / 2)


def person(image: Image) -> FoundClass:
    return FoundClass("person", 90, (Instance(body(image), 90),), (0.9,))


def square(image: Image) -> PartSquare:
    return PartSquare(middle(image), min(image.width, image.height) / 2, np.array([0.0, -1.0]))


def analyzed(model: FaceAnalyzer, image: Image) -> Sequence[object]:
    pixels, pasted = people([80] * 6, 480, 320)
    doubted = model.detect(Image(hidden(pixels, pasted, top=0.0, bottom=0.4), ""))
    faces = model.detect(image)
    return [doubted, faces, model.describe(image, faces)]


DERIVED = {cells.NETWORK: cells.DERIVED}
EMBEDDERS = DlibFaceResEmbedder.__module__
# Everything that a model can say of a picture.
ANSWERS: Mapping[type, Callable[[Any, Image], object]] = {
    BlazeFace: lambda model, image: model.detect(Copies(image.pixels), threshold=0.3),
    BodyPartDetector: lambda model, image: model.detect(image),
    BodyPose: lambda model, image: model.read(Copies(image.pixels), [body(image)]),
    EquipmentReader: lambda model, image: model.read(
        Copies(image.pixels), [square(image)], [(0, square(image))]
    ),
    ExplicitClassifier: lambda model, image: model.score(image),
    FaceAnalyzer: analyzed,
    FaceDescriber: lambda model, image: model.describe(image.pixels, landmarks(image)),
    CellReader: lambda model, image: model.read(letterboxed(image.pixels)[0]),
    DlibFaceResEmbedder: lambda model, image: model.embed(image),
    MobileFaceNetDlibEmbedder: lambda model, image: model.embed(image),
    FaceMesh: lambda model, image: model.fit(Copies(image.pixels), landmarks(image)),
    LabelDetector: lambda model, image: model.label(image, [], [person(image)]),
    Mtcnn: lambda model, image: model.detect(Copies(image.pixels), 20.0),
    NudityDetector: lambda model, image: model.detect(image, list),
    ObjectDetector: lambda model, image: model.detect(image.pixels),
    PictureFeatures: lambda model, image: model.read(image),
    PersonEmbedder: lambda model, image: model.embed(image.pixels, corners([body(image)])),
    ProtectiveDetector: lambda model, image: [
        model.detect(image, [], [person(image)]),
        model.detect(image, [], []),  # where nobody is seen it searches by itself
    ],
    PictureClassifier: lambda model, image: model.read(image.pixels),
    TextAnalyzer: lambda model, image: model.read(image),
}
MODELS = pytest.mark.parametrize("kind", ANSWERS, ids=lambda kind: kind.__name__)


class EmbedderOnRunner:
    """An embedder, which runs no network itself, with what networks say of the middle of a picture."""

    def __init__(self, kind: type, runner: Recorder) -> None:
        self._embedder, self._runner = kind(), runner
        self.networks = kind.networks  # type: ignore[attr-defined]

    def embed(self, image: Image) -> NDArray[np.float32]:
        face = Face(body(image), 100.0, landmarks(image)[0], Pose(0, 0, 0), Quality(50, 50))
        vectors: NDArray[np.float32] = self._embedder.embed(
            FaceDescriptors(self._runner, image.pixels), [face]
        )
        return vectors


def make(kind: type, runner: Recorder) -> Any:
    """The model on a runner; NudityDetector is on two other models."""
    if kind is NudityDetector:
        return kind(ExplicitClassifier(runner), BodyPartDetector(runner))
    return EmbedderOnRunner(kind, runner) if kind.__module__ == EMBEDDERS else kind(runner)


class Recorder:
    """A runner that notes which networks ran."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions
        self.ran: set[str] = set()

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.ran.add(name)
        return self._sessions.run(name, feeds)

    def __contains__(self, name: str) -> bool:
        return name in self._sessions

    def metadata(self, name: str) -> Mapping[str, str]:
        return self._sessions.metadata(name)


def parts(answer: Any) -> Iterator[Any]:
    """The numbers, words and arrays that an answer is made of, in their order."""
    if is_dataclass(answer):
        for field in fields(answer):
            yield from parts(getattr(answer, field.name))
    elif isinstance(answer, Mapping):
        yield from parts(list(answer.items()))
    elif isinstance(answer, (list, tuple)):
        yield len(answer)
        for part in answer:
            yield from parts(part)
    else:
        assert answer is None or isinstance(answer, (np.ndarray, float, int, str, Enum)), type(answer)
        yield answer


@pytest.fixture(scope="module")
def networks(installed_pack: InstalledPack, nudenet_pack: InstalledPack) -> Mapping[str, Path]:
    return {**installed_pack.paths(), **nudenet_pack.paths()}


@pytest.fixture(scope="module")
def recorder(networks: Mapping[str, Path]) -> Recorder:
    return Recorder(SessionPool(networks, derived=DERIVED))


@pytest.fixture(scope="module")
def image(group_photo: Path) -> Image:
    """Faces and a word."""
    pixels = decode_image(group_photo.read_bytes()).pixels.copy()
    cv2.putText(pixels, "WORDS", (40, 60), cv2.FONT_HERSHEY_SIMPLEX, 2.0, (255, 255, 255), 4)
    return Image(pixels, "digest")


def test_every_model_is_held_to_this_contract() -> None:
    found = set()
    for module in pkgutil.walk_packages(regard.vision.__path__, "regard.vision."):
        if module.name.rpartition(".")[2].startswith("torch_"):
            continue  # what trains takes PyTorch, and is no model that answers
        classes = vars(importlib.import_module(module.name)).values()
        found |= {one for one in classes if isinstance(one, type) and hasattr(one, "networks")}
    assert found == set(ANSWERS)


def test_a_process_has_one_of_each_kind_of_model_and_no_other(recorder: Recorder) -> None:
    models = Models.on(recorder)
    measured = {Timings}  # how long pictures take to decode
    assert {type(getattr(models, field.name)) for field in fields(models)} <= set(ANSWERS) | measured


@MODELS
def test_a_model_runs_the_networks_that_it_names_and_the_packs_have_them(
    kind: type, recorder: Recorder, image: Image, networks: Mapping[str, Path]
) -> None:
    model = make(kind, recorder)
    recorder.ran.clear()
    ANSWERS[kind](model, image)
    assert recorder.ran == set(model.networks)
    assert recorder.ran <= set(networks) | set(DERIVED)


@MODELS
def test_a_model_answers_the_same_from_several_threads(kind: type, recorder: Recorder, image: Image) -> None:
    model, answer = make(kind, recorder), ANSWERS[kind]
    alone = list(parts(answer(model, image)))
    with ThreadPoolExecutor(4) as executor:
        together = list(executor.map(lambda _: list(parts(answer(model, image))), range(4)))
    for one in together:
        for part, same in zip(one, alone, strict=True):
            np.testing.assert_array_equal(part, same)


@MODELS
def test_a_model_leaves_the_picture_as_it_was(kind: type, recorder: Recorder, image: Image) -> None:
    before = image.pixels.copy()
    ANSWERS[kind](make(kind, recorder), image)
    np.testing.assert_array_equal(image.pixels, before)


@MODELS
@pytest.mark.parametrize("shape", [(80, 80, 3), (80, 3000, 3), (3000, 80, 3)])
def test_a_model_takes_pictures_of_any_shape(kind: type, shape: tuple[int, ...], recorder: Recorder) -> None:
    noise = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    for part in parts(ANSWERS[kind](make(kind, recorder), Image(noise, "digest"))):
        assert not isinstance(part, (float, np.ndarray)) or np.isfinite(part).all()
