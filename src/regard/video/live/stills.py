"""Stills of live pictures, as JPEGs without metadata: the whole frame, and a part with what is around it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.portraits import cut_portrait

_QUALITY = 85
_MARGIN = 0.1  # of a box's sides


def frame_still(pixels: NDArray[np.uint8], *, longer: int = 1280, quality: int = _QUALITY) -> bytes:
    """A picture (H, W, 3), RGB, with at most `longer` px on its longer side."""
    height, width = pixels.shape[:2]
    scale = min(1.0, longer / max(height, width))
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    return _encoded(pixels, quality)


def face_still(pixels: NDArray[np.uint8], box: Box) -> bytes:
    """A face and what is around it, a square of 256 × 256 px. `box` in px of the picture (H, W, 3)."""
    return cut_portrait(Image(pixels, ""), box)


def object_still(pixels: NDArray[np.uint8], box: Box) -> bytes:
    """An object with a margin. `box` in px of the picture (H, W, 3)."""
    height, width = pixels.shape[:2]
    across, down = _MARGIN * box.width, _MARGIN * box.height
    part = Box.between(box.left - across, box.top - down, box.right + across, box.bottom + down)
    part = part.clipped(width, height)
    left, top = min(int(part.left), width - 1), min(int(part.top), height - 1)
    right, bottom = max(left + 1, round(part.right)), max(top + 1, round(part.bottom))
    return _encoded(np.ascontiguousarray(pixels[top:bottom, left:right]), _QUALITY)


def _encoded(pixels: NDArray[np.uint8], quality: int) -> bytes:
    done, encoded = cv2.imencode(
        ".jpg", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality]
    )
    if not done:
        raise ValueError("the picture can't be encoded")
    return encoded.tobytes()
