"""Light, focus, contrast and colours of a picture, of its foreground and of its background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from regard.vision.colours import DominantColour, dominant_colours
from regard.vision.geometry import Box, Mask, corners, filled
from regard.vision.pixels import Pixels, resize

_SIDE = 512  # px, the longer side that quality is measured at
_SAMPLES = 4096  # pixels that colours are told from
# Edge strengths that read as sharpness 0 and 100, on a logarithmic scale; see `_quality`.
_BLURRED, _CRISP = 0.03, 0.8


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """Each 0 to 100. Brightness: the average luma (Rec. 601). Sharpness: the Laplacian's standard deviation
    by that of the luma, on a logarithmic scale. Contrast: from the 2nd to the 98th percentile of the luma."""

    brightness: float
    sharpness: float
    contrast: float


@dataclass(frozen=True, slots=True)
class PartProperties:
    """Of all pixels of a part; `colours` the commonest first."""

    quality: PictureQuality
    colours: tuple[DominantColour, ...]


@dataclass(frozen=True, slots=True)
class ImageProperties:
    """Of the whole picture, of what is in the foreground, and of the rest."""

    whole: PartProperties
    foreground: PartProperties
    background: PartProperties


def measure_properties(pixels: Pixels, boxes: Sequence[Box], max_colours: int) -> ImageProperties:
    """`boxes`: where the objects of the picture (H, W, 3) are, in its pixels; they are the foreground.

    Where there is none, or nothing else, the ellipse in the middle that fills half of the picture is.
    """
    scale = min(1.0, _SIDE / max(pixels.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
    small = resize(pixels, width, height)
    front = _foreground((height, width), boxes, scale)
    return ImageProperties(
        *(_part(small, mask, max_colours) for mask in (np.ones_like(front), front, ~front))
    )


def box_colours(pixels: Pixels, box: Box, limit: int) -> list[DominantColour]:
    """The dominant colours within a box of the picture (H, W, 3)."""
    height, width = pixels.shape[:2]
    left, top = int(np.clip(box.left, 0, width - 1)), int(np.clip(box.top, 0, height - 1))
    right = int(np.clip(np.ceil(box.left + box.width), left + 1, width))
    bottom = int(np.clip(np.ceil(box.top + box.height), top + 1, height))
    step = max(1, int(np.sqrt((right - left) * (bottom - top) / _SAMPLES)))
    return dominant_colours(pixels[top:bottom:step, left:right:step].reshape(-1, 3), limit)


def _foreground(size: tuple[int, int], boxes: Sequence[Box], scale: float) -> Mask:
    height, width = size
    mask = filled(corners(boxes) * scale, width, height)
    if mask.any() and not mask.all():
        return mask
    y, x = np.mgrid[:height, :width]
    # An ellipse with the sides' ratio fills π · r² of the picture, r in fractions of its sides.
    across, down = (x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5
    return np.asarray(across**2 + down**2 <= 0.5 / np.pi)


def _part(pixels: Pixels, mask: Mask, max_colours: int) -> PartProperties:
    inside = pixels[mask]
    step = max(1, len(inside) // _SAMPLES)
    return PartProperties(_quality(pixels, mask), tuple(dominant_colours(inside[::step], max_colours)))


def _quality(pixels: Pixels, mask: Mask) -> PictureQuality:
    luma = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    edges = cv2.Laplacian(luma, cv2.CV_32F)[mask]
    inside = luma[mask]
    strength = float(edges.std()) / (float(inside.std()) + 4.0)  # flat parts have noise alone
    sharpness = 100 * np.log(max(strength, 1e-6) / _BLURRED) / np.log(_CRISP / _BLURRED)
    low, high = np.percentile(inside, (2, 98))
    return PictureQuality(
        float(inside.mean()) / 2.55, float(np.clip(sharpness, 0, 100)), float(high - low) / 2.55
    )
