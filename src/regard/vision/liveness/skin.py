"""The colour of a face's skin, of what lies close to the head, and of what lies farther off, in linear light.

A screen lights a person's face more than the room behind it. What shows a picture of a face, paper or a
display, is lit beside the face as on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.alignment import chip_maps
from regard.vision.pixels import Copies, Floats

SIDE = 64  # px of the upright cut-out that colours are read in
PADDING = 1.2  # of the face, on each side of it: the surround is in it
CLIPPED = 250  # the value from which a pixel says too little


def _linear() -> NDArray[np.float32]:
    """(256,): sRGB's values as linear light (IEC 61966-2-1)."""
    values = np.arange(256) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


LINEAR = _linear()


def _regions() -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
    """Which pixels (SIDE, SIDE) of the cut-out are skin, which lie beside the head, and which farther off.

    Distances are in units of the face without padding, whose square is from 0 to 1. Neck and shoulders, which
    the screen lights too, belong to neither.
    """
    steps = (np.arange(SIDE) + 0.5) / SIDE * (1 + 2 * PADDING) - PADDING
    across, down = np.meshgrid(steps, steps)
    skin = ((across - 0.5) / 0.42) ** 2 + ((down - 0.55) / 0.6) ** 2 < 1
    distance = ((across - 0.5) / 1.0) ** 2 + ((down - 0.4) / 1.25) ** 2
    beside = (distance >= 0.6) & (distance < 1.0) & (down < 0.9)
    return skin, beside, (distance >= 1.6) & (down < 1.1)


SKIN, BESIDE, AROUND = _regions()


class ReadColours(NamedTuple):
    """`face`, `beside`, `surround` (3,), float32: mean linear red, green, blue; `clipped`: 0 to 1."""

    face: Floats
    beside: Floats
    surround: Floats
    clipped: float


def read_colours(copies: Copies, landmarks: Floats) -> ReadColours:
    """Of the face with `landmarks` (5, 2), px. What lies outside of the picture isn't counted; where nothing
    of a part is in the picture, its colour is NaN."""
    maps = chip_maps(landmarks[None], SIDE, PADDING)
    chip = copies.cut(maps, SIDE)[0]
    height, width = copies.shape
    steps = np.arange(SIDE)
    places = maps[0, :, :2] @ np.array(np.meshgrid(steps, steps)).reshape(2, -1) + maps[0, :, 2:]
    inside = ((places >= 0) & (places <= np.array([[width - 1], [height - 1]]))).all(0).reshape(SIDE, SIDE)
    skin = chip[SKIN & inside]
    clipped = float((skin >= CLIPPED).any(1).mean()) if len(skin) else 1.0
    return ReadColours(_mean(skin), _mean(chip[BESIDE & inside]), _mean(chip[AROUND & inside]), clipped)


def _mean(pixels: NDArray[np.uint8]) -> Floats:
    if not len(pixels):
        return np.full(3, np.nan, np.float32)
    return np.asarray(LINEAR[pixels].mean(0), np.float32)
