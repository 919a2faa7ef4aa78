"""How alike the frames of a short stretch of video are: what shots are told apart by."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats, Pixels

WIDTH, HEIGHT = 16, 9  # of a signature; so coarse that motion changes it slowly
GREY_WIDTH, GREY_HEIGHT = 32, 18  # of the picture in which motion is searched for
SIZE = WIDTH * HEIGHT * 3
_ACROSS, _DOWN = 6, 3  # pixels of the grey picture that it may have moved by
_BINS = 6  # of each colour in a histogram
MIN_CONTRAST = 2.0  # grey levels (root mean square); below it there is but noise


def signature(thumbnail: Pixels) -> Pixels:
    """(GREY_HEIGHT, GREY_WIDTH, 3) of a thumbnail of any size."""
    return cast(Pixels, cv2.resize(thumbnail, (GREY_WIDTH, GREY_HEIGHT), interpolation=cv2.INTER_AREA))


class Signature:
    """What is compared of one frame, made from its signature."""

    __slots__ = ("centred", "contrast", "grey", "histogram", "mean", "pixels")

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels
        coarse = pixels.reshape(HEIGHT, 2, WIDTH, 2, 3).mean((1, 3), dtype=np.float32)
        self.mean = coarse.reshape(-1, 3).mean(0)
        self.centred = (coarse - self.mean).ravel()
        self.contrast = float(np.sqrt(np.mean(self.centred**2)))
        self.grey = pixels.mean(2, dtype=np.float32)
        bins = (pixels.astype(np.int32) * _BINS) // 256
        places = (bins[..., 0] * _BINS + bins[..., 1]) * _BINS + bins[..., 2]
        self.histogram = np.bincount(places.ravel(), minlength=_BINS**3).astype(np.float32)


def _windows() -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Indices into the grey picture of its middle, and of the middle moved by every step."""
    rows = np.arange(_DOWN, GREY_HEIGHT - _DOWN)[:, None] * GREY_WIDTH
    middle = (rows + np.arange(_ACROSS, GREY_WIDTH - _ACROSS)).ravel()
    steps = [
        down * GREY_WIDTH + across
        for down in range(-_DOWN, _DOWN + 1)
        for across in range(-_ACROSS, _ACROSS + 1, 2)
    ]
    return middle, middle[None] + np.array(steps)[:, None]


_MIDDLE, _MOVED = _windows()


def unlike(one: Signature, other: Signature) -> float:
    """1 less the correlation of two pictures' greys, the best over small shifts; 0 for the same, about 1 for
    unrelated ones. Brightness and contrast don't count."""
    worst = 1.0
    for still, moving in ((one.grey, other.grey), (other.grey, one.grey)):
        middle = still.ravel()[_MIDDLE]
        moved = moving.ravel()[_MOVED]
        middle = middle - middle.mean()
        moved = moved - moved.mean(1, keepdims=True)
        scale = np.sqrt((middle**2).mean() * (moved**2).mean(1)) + MIN_CONTRAST**2
        worst = min(worst, 1 - float(((moved @ middle) / len(middle) / scale).max()))
    return worst


def recoloured(one: Signature, other: Signature) -> float:
    """How much of the picture has other colours: 1 less the histograms' intersection."""
    return 1 - float(np.minimum(one.histogram, other.histogram).sum()) / (GREY_WIDTH * GREY_HEIGHT)


def changed(one: Signature, other: Signature) -> float:
    """The mean absolute difference of two signatures, in grey levels."""
    return float(cv2.norm(one.pixels, other.pixels, cv2.NORM_L1)) / one.pixels.size


def gram(sights: list[Signature]) -> Floats:
    """(N, N): mean products of the centred signatures; the diagonal is the squared contrast."""
    centred = np.stack([sight.centred for sight in sights])
    return cast(Floats, centred @ centred.T / SIZE)
