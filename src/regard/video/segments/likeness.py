"""How alike the frames of a short stretch of video are: what shots are told apart by.

Frames are described, and pairs of them compared, many at a time: a call of NumPy's costs more than a frame's
share of the arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from regard.vision.pixels import Floats, Pixels

WIDTH, HEIGHT = 16, 9  # of a coarse picture; so coarse that motion changes it slowly
GREY_WIDTH, GREY_HEIGHT = 32, 18  # of a signature, in which motion is searched for
SIZE = WIDTH * HEIGHT * 3
BINS = 6**3  # of a histogram
_LEVELS = 6  # of each colour in it
_ACROSS, _DOWN = 6, 3  # pixels of the grey picture that it may have moved by
_MIDDLE = (GREY_HEIGHT - 2 * _DOWN, GREY_WIDTH - 2 * _ACROSS)  # what is compared of it, px
PLACES = (2 * _DOWN + 1) * (_ACROSS + 1)  # to which that may have moved: every second across
WINDOW = _MIDDLE[0] * _MIDDLE[1]  # pixels
UNMOVED = PLACES // 2
MIN_CONTRAST = 2.0  # grey levels (root mean square); below it there is but noise


def signature(thumbnail: Pixels) -> Pixels:
    """(GREY_HEIGHT, GREY_WIDTH, 3) of a thumbnail of any size."""
    return cast(Pixels, cv2.resize(thumbnail, (GREY_WIDTH, GREY_HEIGHT), interpolation=cv2.INTER_AREA))


def coarse(signatures: Pixels) -> tuple[Floats, Floats]:
    """Of N signatures: coarse pictures less their mean colours (N, SIZE), and these (N, 3); grey levels."""
    pairs = signatures.reshape(-1, HEIGHT, 2, WIDTH, 2, 3).astype(np.uint16)
    sums = (pairs[:, :, 0] + pairs[:, :, 1]).sum(3, dtype=np.uint16)
    pictures = (sums / np.float32(4)).reshape(-1, SIZE // 3, 3)
    means = pictures.mean(1)
    return (pictures - means[:, None]).reshape(-1, SIZE), means


def histograms(signatures: Pixels) -> Floats:
    """(N, BINS): how many pixels have which colour."""
    levels = signatures.astype(np.uint16) * _LEVELS // 256
    places = (levels[..., 0] * _LEVELS + levels[..., 1]) * _LEVELS + levels[..., 2]
    count = len(signatures)
    numbered = places.reshape(count, -1) + np.arange(count)[:, None] * BINS
    return np.bincount(numbered.ravel(), minlength=count * BINS).reshape(count, BINS).astype(np.float32)


def windows(signatures: Pixels) -> tuple[Floats, Floats]:
    """Of N signatures: the greys of windows as large as the middle at all PLACES, each less its mean
    (N, PLACES, WINDOW), and their variances (N, PLACES). The middle itself is the window at UNMOVED."""
    greys = signatures.mean(3, dtype=np.float32)
    moved = sliding_window_view(greys, _MIDDLE, axis=(1, 2))[:, :, ::2]
    moved = moved.reshape(-1, PLACES, WINDOW)
    moved = moved - moved.mean(2, keepdims=True)
    return moved, np.einsum("npw,npw->np", moved, moved) / np.float32(WINDOW)


def unlike(moved: Floats, spreads: Floats, pairs: Sequence[tuple[int, int]]) -> Floats:
    """(N,): 1 less the correlation of two pictures' greys, the best over small shifts of either; 0 for the
    same, about 1 for unrelated ones. Brightness and contrast don't count.

    `moved` (M, PLACES, WINDOW) and `spreads` (M, PLACES): the `windows` of all pictures; `pairs`: N of them.
    """
    ones, others = np.array(pairs, np.intp).reshape(-1, 2).T
    products = np.empty((2, len(pairs), PLACES), np.float32)
    for place, (one, other) in enumerate(pairs):  # one by one, since to gather windows would cost more
        np.matmul(moved[other], moved[one, UNMOVED], out=products[0, place])
        np.matmul(moved[one], moved[other, UNMOVED], out=products[1, place])
    still = spreads[np.stack([ones, others]), UNMOVED, None]
    scale = np.sqrt(still * spreads[np.stack([others, ones])]) + MIN_CONTRAST**2
    return cast(Floats, np.minimum(1, 1 - (products / WINDOW / scale).max((0, 2))))


def recoloured(one: Floats, other: Floats) -> Floats:
    """(N,): how much of the picture has other colours: 1 less the intersection of two `histograms`."""
    return cast(Floats, 1 - np.minimum(one, other).sum(1) / (GREY_WIDTH * GREY_HEIGHT))


def changed(one: Pixels, other: Pixels) -> Floats:
    """(N,): the mean absolute difference of two signatures, in grey levels."""
    count = len(one)
    differences = cv2.absdiff(one.reshape(count, -1), other.reshape(count, -1)) if count else np.empty((0, 1))
    return cast(Floats, differences.mean(1, dtype=np.float32))
