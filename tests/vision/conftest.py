"""The face model on the real networks, and photos for it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.faces import FaceAnalyzer
from regard.vision.image import Image, decode_image
from regard.vision.session import SessionPool


@pytest.fixture(scope="session")
def sessions(installed_pack: InstalledPack) -> SessionPool:
    return SessionPool(installed_pack.paths())


@pytest.fixture(scope="session")
def analyzer(sessions: SessionPool) -> FaceAnalyzer:
    return FaceAnalyzer(sessions)


@pytest.fixture(scope="session")
def astronaut(portrait: Path) -> Image:
    return decode_image(portrait.read_bytes())


@pytest.fixture(scope="session")
def group(group_photo: Path) -> Image:
    return decode_image(group_photo.read_bytes())


def turned(image: Image, degrees: float) -> tuple[Image, np.ndarray]:
    """The whole picture turned clockwise on grey, and the map (2, 3) from old to new pixels."""
    warp = cv2.getRotationMatrix2D(((image.width - 1) / 2, (image.height - 1) / 2), -degrees, 1.0)
    cos, sin = abs(warp[0, 0]), abs(warp[0, 1])
    width = round(image.height * sin + image.width * cos)
    height = round(image.height * cos + image.width * sin)
    warp[:, 2] += (np.array([width, height]) - (image.width, image.height)) / 2
    pixels = cv2.warpAffine(image.pixels, warp, (width, height), borderValue=(90, 90, 90))
    return Image(np.asarray(pixels, np.uint8), ""), warp
