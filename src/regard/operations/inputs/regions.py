"""RegionsOfInterest: boxes and polygons in fractions of the picture's width and height."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regard.errors import InvalidParameterException
from regard.vision.pixels import Floats

_FAR = 1000.0  # widths and heights of the picture


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
