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
from regard.vision.faces.embedding import FaceEmbedder, describe_by_dlib, read_faces
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
    one = describe_by_dlib(sessions, FaceChips(group.pixels), landmarks)
    other = describe_by_dlib(sessions, FaceChips(mirror), turned)
    length = np.linalg.norm(one, axis=1)
    assert (np.linalg.norm(one - other, axis=1) < 0.05 * length).all()


def test_faceres_reads_an_age_and_a_gender_off_every_face(
    sessions: SessionPool, group: Image, landmarks: np.ndarray
) -> None:
    readings = read_faces(sessions, FaceChips(group.pixels), landmarks)
    assert readings.ages.shape == (len(landmarks), 100)
    assert readings.ages.sum(1) == pytest.approx(1, abs=1e-4)
    assert readings.genders.shape == (len(landmarks), 1)
    assert ((readings.genders >= 0) & (readings.genders <= 1)).all()
    assert readings.descriptors.shape == (len(landmarks), 1024)


def test_readings_that_are_there_already_are_not_made_again(
    sessions: SessionPool, group: Image, landmarks: np.ndarray
) -> None:
    runner = Counting(sessions)
    embedder = FaceEmbedder(runner)
    alone = embedder.embed(group.pixels, landmarks)
    assert runner.seen["faceres"] == len(landmarks)
    readings = read_faces(sessions, FaceChips(group.pixels), landmarks)
    assert (embedder.embed(group.pixels, landmarks, readings) == alone).all()
    assert runner.seen["faceres"] == len(landmarks)


def test_dlib_sees_each_face_twice_and_faceres_once(
    sessions: SessionPool, group: Image, landmarks: np.ndarray
) -> None:
    runner = Counting(sessions)
    FaceEmbedder(runner).embed(group.pixels, landmarks)
    assert runner.seen == {"dlib-resnet": 2 * len(landmarks), "faceres": len(landmarks)}
