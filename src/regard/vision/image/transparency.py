"""What transparent parts are laid on, so that what is opaque stands out from it."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

WHITE, BLACK, GREY = 255, 0, 128
_NEAR = np.ones((5, 5), np.uint8)  # px: two in every direction
_FAINTEST = 0.1  # of the edge; letters of two colours may share a picture
_CLEAR = 100  # grey levels


def ground_for(parts: Iterable[tuple[NDArray[np.uint8], NDArray[np.uint8]]], solid: float) -> int:
    """The grey level, 0 to 255, of the ground: WHITE where that will do, else BLACK or GREY.

    `parts`: luma and alpha (H, W) of parts of the picture. Its edge, of what has an alpha of `solid` or more
    and lies beside what has less, must stand out from the ground, even the tenth of it that does so least.
    """
    edge = np.zeros(256, np.int64)
    for luma, alpha in parts:
        inside = (alpha >= solid).astype(np.uint8)
        edge += np.bincount(luma[inside > cv2.erode(inside, _NEAR)], minlength=256)
    contrasts = {ground: _contrast(edge, ground) for ground in (WHITE, BLACK, GREY)}
    return WHITE if contrasts[WHITE] >= _CLEAR else max(contrasts, key=contrasts.__getitem__)


def _contrast(counts: NDArray[np.int64], ground: int) -> int:
    """By how many levels all but the faintest tenth of `counts` (256,), by level, differ from `ground`."""
    differences = np.abs(np.arange(256) - ground)
    order = np.argsort(differences, kind="stable")
    reached = np.cumsum(counts[order]) > _FAINTEST * counts.sum()
    return int(differences[order][reached.argmax()]) if reached.any() else 255
