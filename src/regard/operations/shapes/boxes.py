"""BoundingBox, Geometry and Polygon, in fractions of the picture's sides: they are written here alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.pixels import Floats


def bounding_box(box: Box) -> dict[str, float]:
    """A BoundingBox of a box in fractions."""
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def bounding_box_in(image: Image, box: Box) -> dict[str, float]:
    """A BoundingBox of a box in pixels of `image`."""
    return bounding_box(box.relative_to(image.width, image.height))


def geometry(quad: Floats, image: Image) -> dict[str, Any]:
    """A Geometry of a quad (4, 2) in pixels of `image`."""
    points = fractions(quad, image)
    box = Box.between(*points.min(0).tolist(), *points.max(0).tolist())
    return {"BoundingBox": bounding_box(box), "Polygon": [{"X": x, "Y": y} for x, y in points.tolist()]}


def fractions(quad: Floats, image: Image) -> Floats:
    """Corners (4, 2) in pixels of `image` as fractions, 0 to 1; what lies outside is drawn to its edge."""
    return np.asarray(np.clip(quad / np.array([image.width, image.height], np.float32), 0, 1), np.float32)
