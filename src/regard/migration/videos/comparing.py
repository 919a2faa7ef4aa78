"""How far two services agree on a film: pure functions of what each found when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import Final

import numpy as np

from regard.video.following.assignment import assign

FOUND_HERE: Final = "of theirs, found here"
FOUND_THERE: Final = "of ours, found there"
JACCARD: Final = "Jaccard index"
JACCARD_BY_SECOND: Final = "Jaccard index, second by second"
SAME_NUMBER: Final = "seconds with the same number"
APART: Final = "difference of the number"
OFF: Final = "ms between the beginnings"

MIN_OVERLAP: Final = 0.5
"""How much two segments share of the time of both to be the same."""

Span = tuple[int, int]


def compare_names(theirs: Set[tuple[str, int]], ours: Set[tuple[str, int]]) -> dict[str, list[float]]:
    """Names, each with a second in which it was found: by name alone, and by name and second. Nothing of
    either is nothing to compare.
    """
    if not theirs and not ours:
        return {}
    return {
        JACCARD: [_jaccard({name for name, _ in theirs}, {name for name, _ in ours})],
        JACCARD_BY_SECOND: [_jaccard(theirs, ours)],
    }


def compare_counts(theirs: Mapping[int, int], ours: Mapping[int, int]) -> dict[str, list[float]]:
    """How many there were in each second in which either found any."""
    seconds = sorted(theirs.keys() | ours.keys())
    far = [float(abs(theirs.get(second, 0) - ours.get(second, 0))) for second in seconds]
    return {SAME_NUMBER: [float(one == 0) for one in far], APART: far} if far else {}


def compare_cuts(
    theirs: Mapping[str, Sequence[Span]], ours: Mapping[str, Sequence[Span]]
) -> dict[str, list[float]]:
    """Segments by kind, from and to, in milliseconds: a pair shares at least half of the time of both, and
    none is in two pairs.
    """
    found: dict[str, list[float]] = {FOUND_HERE: [], FOUND_THERE: [], OFF: []}
    for kind in sorted(theirs.keys() | ours.keys()):
        one, other = theirs.get(kind, ()), ours.get(kind, ())
        pairs = _pairs(one, other)
        found[FOUND_HERE] += [1.0] * len(pairs) + [0.0] * (len(one) - len(pairs))
        found[FOUND_THERE] += [1.0] * len(pairs) + [0.0] * (len(other) - len(pairs))
        found[OFF] += [float(abs(one[row][0] - other[column][0])) for row, column in pairs]
    return {measure: values for measure, values in found.items() if values}


def _pairs(one: Sequence[Span], other: Sequence[Span]) -> list[tuple[int, int]]:
    if not one or not other:
        return []
    rows, columns = np.array(one, float)[:, None], np.array(other, float)[None]  # (n, 1, 2), (1, m, 2)
    shared = np.minimum(rows[..., 1], columns[..., 1]) - np.maximum(rows[..., 0], columns[..., 0])
    whole = np.maximum(rows[..., 1], columns[..., 1]) - np.minimum(rows[..., 0], columns[..., 0])
    overlap = np.clip(shared, 0, None) / np.maximum(whole, 1)
    return list(assign(overlap, MIN_OVERLAP))


def _jaccard(one: Set[object], other: Set[object]) -> float:
    return len(one & other) / len(one | other)
