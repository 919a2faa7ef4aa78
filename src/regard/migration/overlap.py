"""Which face is which, by how much their boxes share."""

from __future__ import annotations

from collections.abc import Sequence

from regard.video.following.assignment import assign
from regard.vision.geometry import Box, corners, iou

MIN_IOU = 0.5


def same_boxes(
    one: Sequence[Box], other: Sequence[Box], min_iou: float = MIN_IOU
) -> list[tuple[int, int, float]]:
    """Pairs of places in `one` and `other` with their IoU, none twice: those that share the most in all.

    Both are in the same coordinates. Boxes that share less than `min_iou` are no pair.
    """
    if not one or not other:
        return []
    shared = iou(corners(one), corners(other))
    return [(row, column, float(shared[row, column])) for row, column in assign(shared, min_iou)]
