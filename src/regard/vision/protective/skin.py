"""Whether a hand is bare: how much of it has the colour of the same person's face."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Pixels

_CHROMA, _LIGHTNESS = 10.0, 80.0  # by which skin in another light differs at most, in OpenCV's 8-bit Lab
_SKIN = (40, 133, 133)  # of anybody: at least this light, red and yellow
_HAND = 0.25  # of a hand's chip that is left out at each side
# The part of a face's chip that is cheeks and nose, in shares of its side: rows, then columns.
_CHEEKS = ((0.385, 0.654), (0.331, 0.669))


def skin_evidence(face: Pixels, hand: Pixels) -> NDArray[np.float64]:
    """(2,): log-odds of the shares of a hand's chip, in its middle, that have the colour of the chip `face`,
    and the colour of skin as such. Both chips (S, S, 3), uint8, RGB, as `equipment` cuts them.
    """
    rows, columns = (slice(int(first * len(face)), int(last * len(face))) for first, last in _CHEEKS)
    own = np.median(_lab(face[rows, columns]), 0)
    edge = int(_HAND * len(hand))
    colours = _lab(hand[edge:-edge, edge:-edge])
    alike = np.hypot(*(colours[:, 1:] - own[1:]).T) < _CHROMA
    alike &= np.abs(colours[:, 0] - own[0]) < _LIGHTNESS
    shares = np.array([alike.mean(), (colours > _SKIN).all(1).mean()])
    return np.asarray(np.log((shares + 0.02) / (1.02 - shares)), np.float64)


def _lab(pixels: Pixels) -> NDArray[np.float64]:
    """(N, 3): lightness, red against green, yellow against blue, each 0 to 255."""
    return cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float64)
