"""Faces in the dark, in haze, far away and partly hidden are found too; what isn't a face stays none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from regard.vision.faces import FaceAnalyzer
from regard.vision.faces.detector import FIRST_SHARE, FaceDetector
from regard.vision.faces.mtcnn import BATCHES, STRONG, Mtcnn
from regard.vision.image import Image, decode_image
from regard.vision.pixels import Copies, stretched
from regard.vision.session import SessionPool
from tests import scenes
from tests.scenes import Pasted
from tests.vision.conftest import turned

TEXTURES = ("brick", "grass", "gravel")


def night(pixels: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, 4, pixels.shape)
    return np.clip(pixels * 0.15 + noise, 0, 255).astype(np.uint8)


def haze(pixels: np.ndarray) -> np.ndarray:
    return np.round(pixels * 0.12 + 120).astype(np.uint8)


def people(sizes: list[int], width: int, height: int) -> tuple[np.ndarray, list[Pasted]]:
    photo, pasted = scenes.group(sizes, width=width, height=height)
    return np.array(photo), pasted


def hidden(pixels: np.ndarray, pasted: list[Pasted], *, top: float, bottom: float) -> np.ndarray:
    """A plain sheet over every face, between two shares of its height."""
    copy = pixels.copy()
    for item in pasted:
        left, up, width, height = item.box
        rows = slice(round(up + top * height), round(up + bottom * height))
        copy[rows, round(left) : round(left + width)] = (120, 160, 190)
    return copy


def share_found(analyzer: FaceAnalyzer, pixels: np.ndarray, pasted: list[Pasted]) -> float:
    boxes = [face.box for face in analyzer.detect(Image(pixels, ""))]
    assert len(boxes) <= len(pasted)
    centres = np.array([(box.left + box.width / 2, box.top + box.height / 2) for box in boxes]).reshape(-1, 2)
    hits = 0
    for item in pasted:
        left, top, width, height = item.box
        apart = np.linalg.norm(centres - [left + width / 2, top + height / 2], axis=1)
        hits += bool((apart < 0.5 * height).any())
    return hits / len(pasted)


def test_a_dark_noisy_group_is_found(analyzer: FaceAnalyzer) -> None:
    pixels, pasted = people([200, 160, 150, 120, 110, 90], 1280, 720)
    assert share_found(analyzer, night(pixels), pasted) == 1


def test_a_group_in_haze_is_found(analyzer: FaceAnalyzer) -> None:
    pixels, pasted = people([200, 160, 150, 120, 110, 90], 1280, 720)
    assert share_found(analyzer, haze(pixels), pasted) == 1


def test_faces_of_fifteen_pixels_are_found(analyzer: FaceAnalyzer) -> None:
    pixels, pasted = people([28] * 8, 480, 320)
    assert share_found(analyzer, pixels, pasted) == 1


def test_faces_out_of_focus_are_found(analyzer: FaceAnalyzer) -> None:
    pixels, pasted = people([60] * 6, 480, 320)
    assert share_found(analyzer, cv2.GaussianBlur(pixels, (0, 0), 2.4), pasted) == 1


def test_faces_behind_masks_are_found(analyzer: FaceAnalyzer) -> None:
    pixels, pasted = people([80] * 6, 480, 320)
    assert share_found(analyzer, hidden(pixels, pasted, top=0.45, bottom=1.0), pasted) == 1


def test_faces_whose_foreheads_are_hidden_are_found(analyzer: FaceAnalyzer) -> None:
    pixels, pasted = people([80] * 6, 480, 320)
    assert share_found(analyzer, hidden(pixels, pasted, top=0.0, bottom=0.4), pasted) == 1


@pytest.mark.parametrize("degrees", [-90, 90])
def test_masked_faces_are_found_in_a_picture_on_its_side(analyzer: FaceAnalyzer, degrees: float) -> None:
    pixels, pasted = people([200, 160, 150, 120], 720, 480)
    picture, _ = turned(Image(hidden(pixels, pasted, top=0.68, bottom=1.0), ""), degrees)
    assert len(analyzer.detect(picture)) == len(pasted)


@pytest.mark.parametrize("name", TEXTURES)
@pytest.mark.parametrize("change", [night, haze])
def test_textures_in_the_dark_and_in_haze_hold_no_face(
    analyzer: FaceAnalyzer, portrait: Path, name: str, change: Any
) -> None:
    pixels = decode_image(portrait.with_name(f"{name}.jpg").read_bytes()).pixels
    assert analyzer.detect(Image(change(pixels), "")) == []


@pytest.mark.parametrize("grain", [1, 4, 16])
def test_faint_noise_holds_no_face(analyzer: FaceAnalyzer, grain: int) -> None:
    coarse = np.random.default_rng(grain).integers(100, 130, (480 // grain, 640 // grain, 3), np.uint8)
    assert analyzer.detect(Image(coarse.repeat(grain, 0).repeat(grain, 1), "")) == []


def test_a_sure_face_keeps_the_landmarks_of_the_first_look(sessions: SessionPool, group: Image) -> None:
    first, _ = Mtcnn(sessions).detect(Copies(group.pixels), FIRST_SHARE * group.width)
    every = FaceDetector(sessions).detect(group.pixels).landmarks
    sure = first.landmarks[first.logits > STRONG]
    assert len(sure) > 3
    for landmarks in sure:
        assert (every == landmarks).all((1, 2)).any()


def test_networks_see_the_faces_of_a_picture_in_batches(sessions: SessionPool) -> None:
    crops: dict[str, list[int]] = {name: [] for name in BATCHES}

    class Counting:
        def run(self, name: str, feeds: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
            if name in crops:
                crops[name].append(len(feeds["input"]))
            return sessions.run(name, feeds)

    pixels, _ = people([90] * 48, 1280, 720)
    assert len(FaceDetector(Counting()).detect(pixels)) == 48
    for name, size in BATCHES.items():
        assert max(crops[name]) == size
        assert np.mean(crops[name]) > 0.8 * size


def test_a_picture_with_contrast_is_taken_as_it_is(astronaut: Image) -> None:
    assert stretched(astronaut.pixels) is None


@pytest.mark.parametrize("change", [night, haze])
def test_a_picture_without_contrast_is_stretched(astronaut: Image, change: Any) -> None:
    clear = stretched(change(astronaut.pixels))
    assert clear is not None
    assert np.ptp(np.percentile(clear, (2, 98))) > 180


def test_an_even_picture_is_not_stretched() -> None:
    assert stretched(np.full((200, 300, 3), 90, np.uint8)) is None
