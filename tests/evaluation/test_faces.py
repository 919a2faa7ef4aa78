"""Looking at a folder of pictures, with the real networks."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from regard.collections.face_models import FaceModels
from regard.errors import RegardError
from regard.evaluation.choices import Main
from regard.evaluation.dataset import Sample
from regard.evaluation.faces import Recognizer, observe_faces
from regard.packs.install import InstalledPack
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool
from tests import scenes


@pytest.fixture(scope="module")
def recognizer(installed_pack: InstalledPack) -> Recognizer:
    return Recognizer(FaceAnalyzer(SessionPool(installed_pack.paths())), FaceModels().default)


def load(file: Path) -> Image:
    if file.name == "gone.jpg":
        raise RegardError("It is gone.")
    return decode_image(file.read_bytes())


def samples(*files: Path) -> list[Sample]:
    return [Sample(file, file.name, file.stem, {}) for file in files]


class Counted:
    """Stands in for the network of ages and genders: tells how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    def describe(self, image: Image, faces: Sequence[Face]) -> list[str]:
        self.asked += 1
        return [f"{image.width} wide"]


def test_every_picture_is_looked_at_in_its_order(
    recognizer: Recognizer, portrait: Path, other_portrait: Path, texture: Path, tmp_path: Path
) -> None:
    small, broken = tmp_path / "small.png", tmp_path / "broken.jpg"
    scenes.portrait("hopper").resize((40, 40)).save(small)
    broken.write_bytes(b"no picture")
    files = (portrait, texture, small, broken, tmp_path / "gone.jpg", other_portrait)
    told: list[int] = []
    seen = observe_faces(samples(*files), recognizer, load, workers=3, report=told.append)
    assert [one.sample.name for one in seen.observations] == [file.name for file in files]
    assert [one.row is not None for one in seen.observations] == [True, False, False, False, False, True]
    assert [one.error for one in seen.observations[2:5]] == [
        "It is too small: 40 × 40 pixels, where a side must have 80.",
        "It can't be decoded: neither JPEG nor PNG.",
        "It is gone.",
    ]
    assert len(seen.readable) == 3
    assert seen.rows.shape == (2, recognizer.model.dimension)
    assert np.linalg.norm(seen.rows[0] - seen.rows[1]) > 0.55  # two people: beyond the distance of 50 %
    assert told == [1, 2, 3, 4, 5, 6]


def test_the_largest_face_counts_or_the_one_in_the_middle(recognizer: Recognizer, tmp_path: Path) -> None:
    large, middle = scenes.portrait("hopper"), scenes.portrait("astronaut").resize((256, 256))
    wide = scenes.group([60])[0].resize((1400, 600))
    wide.paste(large, (0, 0))
    wide.paste(middle, (572, 172))
    wide.save(tmp_path / "wide.png")
    alone = observe_faces(
        samples(scenes.PICTURES / "hopper.jpg", scenes.PICTURES / "astronaut.jpg"), recognizer, load
    ).rows
    for main, person in ((Main.LARGEST, 0), (Main.MIDDLE, 1)):
        [row] = observe_faces(samples(tmp_path / "wide.png"), recognizer, load, main=main).rows
        assert np.linalg.norm(alone - row, axis=1).argmin() == person


def test_faces_are_described_where_it_is_asked_for(
    recognizer: Recognizer, portrait: Path, texture: Path
) -> None:
    describer = Counted()
    seen = observe_faces(samples(portrait, texture), recognizer, load, describer=describer)  # type: ignore[arg-type]
    assert describer.asked == 1
    assert [one.attributes for one in seen.observations] == ["512 wide", None]
