"""The images that the references were recorded on, drawn with integers so that JavaScript draws the same.

`make_tfjs.mjs` holds the same function and says what is in the picture.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def draw(side: int, channels: int, seed: int) -> NDArray[np.uint8]:
    """A head and shoulders on a striped, noisy ground: uint8 (side, side, channels)."""
    row, column = np.mgrid[:side, :side]
    x, y, left = column * 1024 // side, row * 1024 // side, 40 * seed
    colours = np.stack([x >> 3 & 255, x + y >> 4 & 255, 160 + (y >> 5 & 63)], axis=-1)

    def ellipse(cx: int, cy: int, rx: int, ry: int, colour: tuple[int, int, int]) -> None:
        inside = ((x - cx - left) * ry) ** 2 + ((y - cy) * rx) ** 2 <= (rx * ry) ** 2
        colours[inside] = colour

    ellipse(480, 1000, 330, 420, (40, 60, 120 + 20 * seed))
    ellipse(480, 420, 190, 250, (224, 180 - 10 * seed, 150))
    ellipse(480, 250, 190, 110, (60, 40, 30))
    for eye in (405, 555):
        ellipse(eye, 390, 38, 20, (245, 245, 245))
        ellipse(eye, 390, 16, 16, (50, 30, 20))
    ellipse(480, 470, 18, 46, (196, 150, 122))
    ellipse(480, 560, 66, 22, (170, 60, 70))
    channel = np.arange(channels)
    place = (column * 7919 + row * 104729 + seed * 15485863)[..., None] + channel * 1299709
    return np.minimum(255, colours[..., :channels] + place % 65521 % 23).astype(np.uint8)
