"""The real networks, and frames in which the people of the free portraits move."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from regard.packs.install import InstalledPack
from regard.vision.session import SessionPool

PICTURES = Path(__file__).parent.parent / "pictures"


@pytest.fixture(scope="session")
def sessions(installed_pack: InstalledPack) -> SessionPool:
    return SessionPool(installed_pack.paths())


def picture(name: str) -> np.ndarray:
    return cv2.cvtColor(cv2.imread(str(PICTURES / f"{name}.jpg")), cv2.COLOR_BGR2RGB)


# Where in the portraits the people are (left, top, right, bottom; px).
_PEOPLE = {"astronaut": (15, 0, 512, 512), "hopper": (40, 40, 512, 600)}


def person(name: str, tall: int) -> np.ndarray:
    """Somebody from the waist up, `tall` px high."""
    left, top, right, bottom = _PEOPLE[name]
    part = picture(name)[top:bottom, left:right]
    wide = round(part.shape[1] * tall / part.shape[0])
    return np.asarray(cv2.resize(part, (wide, tall), interpolation=cv2.INTER_AREA))


def backdrop(name: str = "grass", width: int = 960, height: int = 540) -> np.ndarray:
    return np.asarray(cv2.resize(picture(name), (width, height), interpolation=cv2.INTER_CUBIC))


def put(frame: np.ndarray, pixels: np.ndarray, x: int, y: int) -> tuple[int, int, int, int] | None:
    """Pastes with the left upper corner at x, y; the part that is inside, as a box, or None."""
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + pixels.shape[1], frame.shape[1]), min(y + pixels.shape[0], frame.shape[0])
    if right - left < 2 or bottom - top < 2:
        return None
    frame[top:bottom, left:right] = pixels[top - y : bottom - y, left - x : right - x]
    return left, top, right, bottom
