"""A face's vector: the same for its mirror image, and made without running a network twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.descriptors import (
    FaceDescriptors,
    describe_by_dlib,
    describe_by_mobilefacenet,
    read_faces,
)
from regard.vision.faces.embedding import DlibFaceResEmbedder, MobileFaceNetDlibEmbedder
from regard.vision.geometry import unit_rows
from regard.vision.image import Image
from regard.vision.session import SessionPool


class Counting:
    """A runner that counts the pictures that each network saw."""

    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions
        self.seen: Counter[str] = Counter()

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.seen[name] += len(feeds["input"])
        return self._sessions.run(name, feeds)


@pytest.fixture(scope="module")
def landmarks(analyzer: FaceAnalyzer, group: Image) -> np.ndarray:
    return np.array([face.landmarks for face in analyzer.detect(group)])


def test_a_mirrored_chip_is_the_chip_mirrored(group: Image, landmarks: np.ndarray) -> None:
    chips = FaceChips(group.pixels)
    plain, mirrored = (chips.take(landmarks, 150, 0.2, mirrored=mirrored) for mirrored in (False, True))
    assert (plain[:, :, ::-1] == mirrored).all()
    assert (plain != mirrored).any()


def test_dlib_describes_a_face_and_its_mirror_image_alike(
    sessions: SessionPool, group: Image, landmarks: np.ndarray
) -> None:
    mirror = np.ascontiguousarray(group.pixels[:, ::-1])
    turned = landmarks[:, [1, 0, 2, 4, 3]].copy()
    turned[..., 0] = group.width - 1 - turned[..., 0]
    one, other = (
        describe_by_dlib(sessions, FaceChips(pixels), points)
        + describe_by_dlib(sessions, FaceChips(pixels), points, mirrored=True)
        for pixels, points in ((group.pixels, landmarks), (mirror, turned))
    )
    length = np.linalg.norm(one, axis=1)
    assert (np.linalg.norm(one - other, axis=1) < 0.05 * length).all()


def test_mobilefacenet_describes_a_face_and_its_mirror_image_alike(
    sessions: SessionPool, group: Image, landmarks: np.ndarray
) -> None:
    mirror = np.ascontiguousarray(group.pixels[:, ::-1])
    turned = landmarks[:, [1, 0, 2, 4, 3]].copy()
    turned[..., 0] = group.width - 1 - turned[..., 0]
    one = describe_by_mobilefacenet(sessions, FaceChips(group.pixels), landmarks)
    other = describe_by_mobilefacenet(sessions, FaceChips(mirror), turned)
    cosines = unit_rows(one) @ unit_rows(other).T
    assert np.diag(cosines).min() > 0.97
    assert cosines[0, 1] < 0.5, "and another person differently"


def test_faceres_reads_an_age_and_a_gender_off_every_face(
    sessions: SessionPool, group: Image, landmarks: np.ndarray
) -> None:
    readings = read_faces(sessions, FaceChips(group.pixels), landmarks)
    assert readings.ages.shape == (len(landmarks), 100)
    assert readings.ages.sum(1) == pytest.approx(1, abs=1e-4)
    assert readings.genders.shape == (len(landmarks), 1)
    assert ((readings.genders >= 0) & (readings.genders <= 1)).all()
    assert readings.descriptors.shape == (len(landmarks), 1024)


def test_what_a_network_has_said_is_not_asked_again(
    analyzer: FaceAnalyzer, sessions: SessionPool, group: Image
) -> None:
    runner, faces = Counting(sessions), analyzer.detect(group)
    descriptors, embedder = FaceDescriptors(runner, group.pixels), DlibFaceResEmbedder()
    first = embedder.embed(descriptors, faces)
    assert runner.seen == {"dlib-resnet": 2 * len(faces), "faceres": len(faces)}
    assert (embedder.embed(descriptors, faces) == first).all()
    assert len(descriptors.readings(faces[:2]).ages) == 2
    assert runner.seen == {"dlib-resnet": 2 * len(faces), "faceres": len(faces)}


def test_model_3_asks_neither_faceres_nor_for_a_second_view_by_dlib(
    analyzer: FaceAnalyzer, sessions: SessionPool, group: Image
) -> None:
    runner, faces = Counting(sessions), analyzer.detect(group)
    embedder = MobileFaceNetDlibEmbedder()
    vectors = embedder.embed(FaceDescriptors(runner, group.pixels), faces)
    assert vectors.shape == (len(faces), embedder.dimension) == (len(faces), 128)
    assert vectors.dtype == np.float32
    assert runner.seen == {"mobilefacenet": 2 * len(faces), "dlib-resnet": len(faces)}


def test_a_faces_vector_is_the_same_whoever_else_is_in_the_picture(
    analyzer: FaceAnalyzer, sessions: SessionPool, group: Image
) -> None:
    faces, embedder = analyzer.detect(group), MobileFaceNetDlibEmbedder()
    every = embedder.embed(FaceDescriptors(sessions, group.pixels), faces)
    for face, vector in zip(faces, every, strict=True):
        alone = embedder.embed(FaceDescriptors(sessions, group.pixels), [face])[0]
        assert np.abs(alone - vector).max() < 1e-4
