"""Faces of a live source: found where something moved, searched for at first sight and seldom after it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from regard.collections.face_models import FACE_MODELS
from regard.video.live.face_finding import LiveFindings
from regard.video.live.following import FollowedFace, FollowedFaces
from regard.vision.faces import FaceAnalyzer
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.session import SessionPool
from tests.video.conftest import backdrop, person, put

MODEL = FACE_MODELS["3.0"]
STEP = 250  # ms


@pytest.fixture(scope="module")
def analyzer(sessions: SessionPool) -> FaceAnalyzer:
    return FaceAnalyzer(sessions)


def walk(pictures: int) -> Iterator[tuple[int, np.ndarray, Box]]:
    """Somebody walks from the left to the right: time, picture, and where that differs from an empty one."""
    empty, walker = backdrop(), person("astronaut", 300)
    for number in range(pictures):
        frame = empty.copy()
        placed = put(frame, walker, 40 + 22 * number, 200)
        assert placed is not None
        yield number * STEP, frame, Box.between(*placed)


def whole(picture: np.ndarray) -> Box:
    return Box(0, 0, picture.shape[1], picture.shape[0])


class Gallery:
    """Finds the same match for each probe, and keeps the times at which it was asked."""

    def __init__(self) -> None:
        self.now = 0
        self.asked: list[int] = []

    def search(self, _probe: np.ndarray) -> list[str]:
        self.asked.append(self.now)
        return ["somebody"]


def follow(
    analyzer: FaceAnalyzer, gallery: Gallery, pictures: int
) -> list[tuple[int, list[FollowedFace[str]]]]:
    followed = FollowedFaces(MODEL, gallery.search)
    seen = []
    for at, picture, _ in walk(pictures):
        gallery.now = at
        seen.append((at, followed.observe(at, LiveFindings(analyzer, picture, whole(picture)))))
    return seen


@pytest.mark.parametrize("tall", [200, 400])
def test_the_part_where_somebody_is_shows_the_same_face_as_the_whole_picture(
    analyzer: FaceAnalyzer, tall: int
) -> None:
    picture = backdrop()
    placed = put(picture, person("astronaut", tall), 420, 120)
    assert placed is not None
    around = Box(placed[0] - 60, placed[1] - 60, placed[2] - placed[0] + 120, placed[3] - placed[1] + 120)
    part = LiveFindings(analyzer, picture, around.clipped(960, 540)).faces[0]
    (face,) = analyzer.detect(Image(picture, ""))
    assert np.abs(part.landmarks - face.landmarks).max() < 0.06 * face.box.width
    assert part.box.left == pytest.approx(face.box.left, abs=0.1 * face.box.width)


def test_a_face_is_searched_for_in_the_first_picture_that_shows_it(analyzer: FaceAnalyzer) -> None:
    gallery = Gallery()
    seen = follow(analyzer, gallery, 3)
    first = next(at for at, faces in seen if faces)
    assert gallery.asked[0] == first
    assert seen[0][1][0].track == -1
    assert [face.matches for _, faces in seen for face in faces] == [("somebody",)] * 3


def test_a_face_that_stays_is_searched_for_seldom_and_keeps_its_matches(analyzer: FaceAnalyzer) -> None:
    gallery = Gallery()
    seen = follow(analyzer, gallery, 20)
    assert 2 <= len(gallery.asked) <= 7, gallery.asked
    assert (np.diff(gallery.asked) >= 500).all()
    assert {face.track for _, faces in seen[2:] for face in faces} == {0}
    assert all(face.matches == ("somebody",) and face.first == 0 for _, faces in seen for face in faces)


def test_where_a_face_was_is_examined_until_it_is_gone_for_long(analyzer: FaceAnalyzer) -> None:
    followed = FollowedFaces(MODEL, Gallery().search)
    last = 0
    for at, picture, _ in walk(3):
        followed.observe(at, LiveFindings(analyzer, picture, whole(picture)))
        last = at
    assert len(followed.places(last + 1_000)) == 1
    assert followed.places(last + 2_501) == []


def test_who_must_be_forgotten_is_another_track_when_they_come_back(analyzer: FaceAnalyzer) -> None:
    tracks = []
    for remembers in (True, False):
        followed = FollowedFaces(MODEL, Gallery().search, remembers=remembers)
        for at, picture, _ in walk(3):
            followed.observe(at, LiveFindings(analyzer, picture, whole(picture)))
        for late in range(5):
            followed.observe(3_000 + late * STEP, None)
        for at, picture, _ in walk(4):
            seen = followed.observe(10_000 + at, LiveFindings(analyzer, picture, whole(picture)))
        tracks.append(seen[0].track)
    assert tracks == [0, 1]


def test_who_crosses_the_picture_quickly_is_one_face_and_is_searched_for_seldom(
    analyzer: FaceAnalyzer,
) -> None:
    """A picture apart they are further than any track would follow; they are known by their appearance."""
    gallery = Gallery()
    followed = FollowedFaces(MODEL, gallery.search)
    seen = []
    for number in range(6):
        picture, at = backdrop(), number * 250
        put(picture, person("astronaut", 300), 20 + 130 * number, 100)
        gallery.now = at
        seen += followed.observe(at, LiveFindings(analyzer, picture, whole(picture)))
    assert len(seen) == 6
    assert {one.track for one in seen} == {-1}
    assert {one.person for one in seen} == {0}
    assert followed.passed == 1
    assert len(gallery.asked) == 3
    assert (np.diff(gallery.asked) >= 500).all()
    assert all(one.matches == ("somebody",) for one in seen)
