"""Objects and animals are no sure faces, and what every network sees as a face needs no further opinion."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from numpy.typing import NDArray
from training.certainty_sets import PEOPLE
from training.drawn_objects import drawn_object

from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.detector import FaceDetector
from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool
from tests.vision.test_hard_faces import hidden, people


class Counting:
    def __init__(self, sessions: SessionPool) -> None:
        self._sessions = sessions
        self.calls: list[str] = []

    def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        self.calls.append(name)
        return self._sessions.run(name, feeds)

    def metadata(self, name: str) -> Mapping[str, str]:
        return self._sessions.metadata(name)


def test_drawn_objects_are_no_sure_faces(analyzer: FaceAnalyzer) -> None:
    """Twenty that had no part in the fit: a body with two round parts and one below them."""
    said = [
        face.confidence
        for seed in range(1000, 1020)
        for face in analyzer.detect(Image(drawn_object(seed), ""))
    ]
    assert max(said, default=0) < 90


@pytest.mark.parametrize("folder", ["custom/kangaroo/images", "custom/insects/bees"])
def test_animals_are_no_sure_faces(analyzer: FaceAnalyzer, shared_data: Path, folder: str) -> None:
    with PEOPLE.open(newline="") as lines:
        people = {row["file"] for row in csv.DictReader(lines)}
    files = [
        file
        for file in sorted((shared_data / folder).glob("*.jpg"))
        if str(file.relative_to(shared_data)) not in people
    ]
    said = [
        face.confidence
        for file in files[::4]
        for face in analyzer.detect(decode_image(file.read_bytes(), min_side=1))
    ]
    assert max(said, default=0) < 90


def test_faces_that_mtcnn_is_sure_of_need_no_further_opinion(sessions: SessionPool, group: Image) -> None:
    runner = Counting(sessions)
    assert len(FaceDetector(runner).detect(group.pixels)) > 3
    assert "mobilenetv2" not in runner.calls


def test_what_mtcnn_doubts_is_shown_to_a_network_that_knows_objects(sessions: SessionPool) -> None:
    runner = Counting(sessions)
    pixels, pasted = people([80] * 6, 480, 320)
    FaceDetector(runner).detect(hidden(pixels, pasted, top=0.0, bottom=0.4))
    assert "mobilenetv2" in runner.calls
