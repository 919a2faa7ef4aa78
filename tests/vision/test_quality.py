"""Quality says what a person would: dark, blurred, small, turned away."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from regard.vision.faces import Face, FaceAnalyzer, Pose, Quality
from regard.vision.faces.appearance import confidence_of
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.quality import Flaw, QualityBar, flaws

GOOD = Face(Box(0, 0, 120, 150), 99.9, np.zeros((5, 2), np.float32), Pose(0, 0, 0), Quality(70, 90))


def quality_of(analyzer: FaceAnalyzer, pixels: np.ndarray) -> Quality:
    return analyzer.detect(Image(np.ascontiguousarray(pixels, np.uint8), ""))[0].quality


def test_blur_lowers_sharpness_and_leaves_brightness(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    sharp = quality_of(analyzer, astronaut.pixels)
    blurred = [quality_of(analyzer, cv2.GaussianBlur(astronaut.pixels, (0, 0), sigma)) for sigma in (1.5, 4)]
    assert sharp.sharpness > blurred[0].sharpness + 10 > blurred[1].sharpness + 20
    assert blurred[1].brightness == pytest.approx(sharp.brightness, abs=5)


def test_a_darker_picture_is_less_bright_and_as_sharp(analyzer: FaceAnalyzer, astronaut: Image) -> None:
    light, dark = (quality_of(analyzer, astronaut.pixels * factor) for factor in (1.0, 0.35))
    assert dark.brightness < 0.5 * light.brightness
    assert dark.sharpness == pytest.approx(light.sharpness, abs=15)


def test_a_good_face_passes_every_bar() -> None:
    assert all(flaws(GOOD, bar=bar) == () for bar in QualityBar)


@pytest.mark.parametrize(
    ("change", "flaw"),
    [
        ({"box": Box(0, 0, 30, 39)}, Flaw.SMALL),
        ({"confidence": 59.0}, Flaw.LOW_CONFIDENCE),
        ({"pose": Pose(0, -80, 0)}, Flaw.POSE),
        ({"pose": Pose(0, 0, 60)}, Flaw.POSE),
        ({"quality": Quality(70, 3)}, Flaw.BLUR),
        ({"quality": Quality(3, 90)}, Flaw.DARK),
    ],
)
def test_each_flaw_is_named(change: dict[str, object], flaw: Flaw) -> None:
    assert flaws(dataclasses.replace(GOOD, **change), bar=QualityBar.MEDIUM) == (flaw,)


def test_roll_is_no_flaw() -> None:
    assert flaws(dataclasses.replace(GOOD, pose=Pose(90, 0, 0)), bar=QualityBar.HIGH) == ()


def test_a_higher_bar_finds_no_fewer_flaws() -> None:
    face = Face(Box(0, 0, 50, 60), 85, np.zeros((5, 2), np.float32), Pose(0, 45, 0), Quality(18, 30))
    found = [set(flaws(face, bar=bar)) for bar in (QualityBar.LOW, QualityBar.MEDIUM, QualityBar.HIGH)]
    assert found[0] <= found[1] <= found[2]
    assert len(found[2]) == 5


def test_confidence_grows_with_the_logit() -> None:
    percent = confidence_of(np.linspace(2, 15, 100, dtype=np.float32))
    assert (np.diff(percent) > 0).all()
    assert 70 < percent[0] < 90
    assert 99.9 < percent[-1] <= 100
