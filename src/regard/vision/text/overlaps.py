"""Lines that lie in others: a stroke of a large letter is found once more, as a small letter of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.vision.geometry import quads_share
from regard.vision.text.text import Line

SHARED = 0.5  # of the smaller line's area, from which two lines are of one place


def without_overlaps(lines: Sequence[Line]) -> list[Line]:
    """Of lines at one place the one that says most: most characters, each counted by its confidence."""
    if not lines:
        return []
    ordered = sorted(lines, key=_said, reverse=True)
    quads = np.stack([line.quad for line in ordered])
    meet = quads_share(quads, quads) > SHARED
    kept: list[int] = []
    for row in range(len(ordered)):
        if not meet[row, kept].any():
            kept.append(row)
    return [ordered[row] for row in kept]


def _said(line: Line) -> float:
    return sum(len(word.text) * word.confidence for word in line.words)
