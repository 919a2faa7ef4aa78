"""Lines that lie in others: a stroke of a large letter is found once more, as a small letter of its own."""

from __future__ import annotations

from collections.abc import Sequence

import cv2

from regard.vision.pixels import Floats
from regard.vision.text.text import Line

SHARED = 0.5  # of the smaller line's area, from which two lines are of one place


def without_overlaps(lines: Sequence[Line]) -> list[Line]:
    """Of lines at one place the one that says most: most characters, each counted by its confidence."""
    kept: list[Line] = []
    for line in sorted(lines, key=_said, reverse=True):
        if not any(_meet(line.quad, other.quad) for other in kept):
            kept.append(line)
    return kept


def _said(line: Line) -> float:
    return sum(len(word.text) * word.confidence for word in line.words)


def _meet(one: Floats, other: Floats) -> bool:
    if (one.max(0) <= other.min(0)).any() or (other.max(0) <= one.min(0)).any():
        return False
    shared, _ = cv2.intersectConvexConvex(cv2.convexHull(one), cv2.convexHull(other))
    smaller = min(cv2.contourArea(one), cv2.contourArea(other))
    return bool(shared > SHARED * smaller)
