"""RegionsOfInterest: boxes and polygons in fractions of the picture's width and height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from regard.errors import InvalidParameterException
from regard.vision.pixels import Floats

_FAR = 1000.0  # widths and heights of the picture
_FINE = 256  # parts of a shape's width and height, by which areas are counted


def share_inside(quad: Floats, regions: Sequence[Floats]) -> float:
    """The share, 0 to 1, of the convex `quad` (4, 2) that lies in any region (N, 2), to about a hundredth."""
    low = quad.min(0)
    scale = _FINE / np.maximum(quad.max(0) - low, 1e-9)
    own, inside = np.zeros((2, _FINE, _FINE), np.uint8)
    cv2.fillPoly(own, [_drawn(quad, low, scale)], [1])
    for region in regions:
        cv2.fillPoly(inside, [_drawn(region, low, scale)], [1])
    return float((own & inside).sum() / max(int(own.sum()), 1))


def corners_of(region: Mapping[str, Any]) -> Floats:
    """The corners (N, 2) of a region's BoundingBox or Polygon, in fractions.

    Raises InvalidParameterException for a region that has neither of them, or both.
    """
    box, polygon = region.get("BoundingBox"), region.get("Polygon")
    if polygon and box is None:
        if not 3 <= len(polygon) <= 10:
            raise InvalidParameterException(
                "Request has invalid parameters: the polygon of a region of interest has 3 to 10 points"
            )
        return _near([[point.get("X", 0.0), point.get("Y", 0.0)] for point in polygon])
    if box is None or polygon:
        raise InvalidParameterException(
            "Request has invalid parameters: a region of interest has either BoundingBox or Polygon"
        )
    left, top = box.get("Left", 0.0), box.get("Top", 0.0)
    right, bottom = left + box.get("Width", 0.0), top + box.get("Height", 0.0)
    return _near([[left, top], [right, top], [right, bottom], [left, bottom]])


def _near(corners: Sequence[Sequence[float]]) -> Floats:
    """Corners (N, 2); those far from the picture are brought nearer, where they change next to nothing."""
    return np.asarray(np.clip(np.array(corners, np.float64), -_FAR, _FAR), np.float32)


def _drawn(corners: Floats, low: Floats, scale: Floats) -> Any:
    """Corners in the raster's own steps, no farther than it can count."""
    return np.round(np.clip((corners - low) * scale, -1e6, 1e6)).astype(np.int32)
