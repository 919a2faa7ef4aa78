"""Which faces that are found in a photo are those that were enrolled from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.collections.face_models import FaceModel
from regard.vision.geometry import Box, corners, iou

_SAME_PLACE = 0.5  # IoU of two boxes of one face: another version may draw it a little otherwise
# Of the distance of 80 %. Of 600 copies of 150 photos of LFW, saved anew at a quality of 60 or more and half
# their size or more, one was farther by model 2.0 (.38) and none by 3.0 (.34); none of 150 pairs of other
# photos of the same people was as near (.48 and .39).
_SAME_PHOTO = 0.37
_WHOLE = Box(0.0, 0.0, 1.0, 1.0)


def same_places(stored: Sequence[Box], found: Sequence[Box]) -> dict[int, int]:
    """Which of the `found` boxes each of the `stored` ones is, by their places: one to one, those first whose
    IoU is highest, 0.5 at least. Both are in fractions of one picture's sides.
    """
    shares = iou(corners(stored), corners(found))
    return _pairs(-shares, shares >= _SAME_PLACE)


def same_faces(
    stored: Sequence[Box],
    kept: NDArray[np.float32],
    found: Sequence[Box],
    vectors: NDArray[np.float32],
    model: FaceModel,
) -> dict[int, int]:
    """Which of the `found` faces each of the `stored` ones is, where their picture may have been saved anew:
    one to one, the nearest first, where the place is the same and the distance that of one picture.

    `kept` (n, dimension) and `vectors` (m, dimension) are theirs, by the same `model`. A box that is all of
    its picture, as imported faces have it, tells no place.
    """
    apart = np.linalg.norm(kept[:, None] - vectors[None], axis=2)
    shares = iou(corners(stored), corners(found))
    anywhere = np.array([box == _WHOLE for box in stored])[:, None]
    near = apart <= _SAME_PHOTO * model.curve.distance_at(80)
    return _pairs(apart, near & (anywhere | (shares >= _SAME_PLACE)))


def _pairs(costs: NDArray[np.floating], allowed: NDArray[np.bool_]) -> dict[int, int]:
    """Rows with columns of (n, m) matrices, one to one, those that cost least first."""
    pairs: dict[int, int] = {}
    for place in np.argsort(costs, axis=None, kind="stable").tolist():
        one, other = divmod(place, costs.shape[1])
        if allowed[one, other] and one not in pairs and other not in pairs.values():
            pairs[one] = other
    return pairs
