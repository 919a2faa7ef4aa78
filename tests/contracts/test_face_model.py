"""Every face model that makes vectors: they are of its dimension, and tell people apart as its curve says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import scenes
from tests.collections.made_models import BOTH

from regard.collections.bulk import LONGEST, SHORTEST
from regard.collections.face_models import FACE_MODELS, FaceModel
from regard.packs.install import InstalledPack
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.faces.descriptors import FaceDescriptors
from regard.vision.image import Image, decode_image
from regard.vision.pixels import Floats
from regard.vision.session import SessionPool

MADE = {version: model for version, model in (FACE_MODELS | BOTH).items() if not model.is_retired}


@pytest.fixture(params=MADE, scope="module")
def model(request: pytest.FixtureRequest) -> FaceModel:
    return MADE[request.param]


@pytest.fixture(scope="module")
def analyzer(installed_pack: InstalledPack) -> FaceAnalyzer:
    return FaceAnalyzer(SessionPool(installed_pack.paths()))


@pytest.fixture(scope="module")
def group(group_photo: Path) -> Image:
    """Eight faces of two people in turn."""
    return decode_image(group_photo.read_bytes())


@pytest.fixture(scope="module")
def faces(analyzer: FaceAnalyzer, group: Image) -> list[Face]:
    return analyzer.detect(group)


def embed(model: FaceModel, analyzer: FaceAnalyzer, image: Image, faces: list[Face]) -> Floats:
    return model.embedder.embed(analyzer.descriptors(image), faces)


def test_vectors_and_constants_are_of_one_dimension(
    model: FaceModel, analyzer: FaceAnalyzer, group: Image, faces: list[Face]
) -> None:
    vectors = embed(model, analyzer, group, faces)
    assert vectors.shape == (8, model.dimension)
    assert vectors.dtype == np.float32
    assert model.embedder.dimension == model.dimension
    assert model.user_vectors.average.shape == (model.dimension,)
    assert embed(model, analyzer, group, []).shape == (0, model.dimension)


def test_vectors_have_lengths_that_an_import_takes(
    model: FaceModel, analyzer: FaceAnalyzer, group: Image, faces: list[Face]
) -> None:
    lengths = np.linalg.norm(embed(model, analyzer, group, faces), axis=1)
    assert (lengths > SHORTEST).all()
    assert (lengths < LONGEST).all()


def test_a_vector_does_not_depend_on_the_faces_beside_it(
    model: FaceModel, analyzer: FaceAnalyzer, group: Image, faces: list[Face]
) -> None:
    together = embed(model, analyzer, group, faces)
    alone = np.concatenate([embed(model, analyzer, group, [face]) for face in faces])
    assert np.linalg.norm(together - alone, axis=1).max() < 1e-4


def test_a_descriptor_that_is_there_already_changes_nothing(
    model: FaceModel, analyzer: FaceAnalyzer, group: Image, faces: list[Face]
) -> None:
    descriptors = analyzer.descriptors(group)
    descriptors.readings(faces[3:])
    descriptors.dlib(faces[:3])
    shared = model.embedder.embed(descriptors, faces)
    assert np.linalg.norm(shared - embed(model, analyzer, group, faces), axis=1).max() < 1e-4


def test_one_person_is_above_99_percent_and_two_are_below_50(
    model: FaceModel, analyzer: FaceAnalyzer
) -> None:
    vectors = []
    for name, degrees in (("astronaut", 0), ("astronaut", 8), ("hopper", 0), ("hopper", -8)):
        image = Image(np.asarray(scenes.portrait(name).rotate(degrees)), "")
        vectors.append(embed(model, analyzer, image, analyzer.detect(image)[:1])[0])
    one, again, other, too = vectors
    for same in ((one, again), (other, too)):
        assert model.curve.similarity(float(np.linalg.norm(same[0] - same[1]))) > 99
    assert model.curve.similarity(float(np.linalg.norm(one - other))) < 50


def test_half_precision_moves_nothing_that_matters(
    model: FaceModel, analyzer: FaceAnalyzer, group: Image, faces: list[Face]
) -> None:
    vectors = embed(model, analyzer, group, faces)
    moved = np.linalg.norm(vectors - vectors.astype(np.float16).astype(np.float32), axis=1).max()
    assert model.curve.similarity(float(moved)) > 99.99


def test_a_model_asks_the_networks_that_it_names(
    model: FaceModel, analyzer: FaceAnalyzer, group: Image, faces: list[Face], installed_pack: InstalledPack
) -> None:
    runner = Recorder(SessionPool(installed_pack.paths()))
    model.embedder.embed(FaceDescriptors(runner, group.pixels), faces[:1])
    assert runner.ran == set(model.networks)


class Recorder(SessionPool):
    """Notes which networks ran."""

    def __init__(self, sessions: SessionPool) -> None:
        self._behind = sessions
        self.ran: set[str] = set()

    def run(self, name, feeds):  # type: ignore[no-untyped-def]
        self.ran.add(name)
        return self._behind.run(name, feeds)
