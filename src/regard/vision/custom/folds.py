"""Folds of a cross-validation that don't depend on the order in which pictures come."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Rows

FOLDS = 5
_MIN_OF_LABEL = 50


def fold_numbers(
    digests: Sequence[bytes], labels: Sequence[tuple[str, ...]], folds: int = FOLDS
) -> NDArray[np.intp]:
    """(N,), 0 to `folds` − 1, for pictures by their digests and labels.

    Each label's pictures are spread evenly, those of the rarest label first. The same picture, twice there,
    is in one fold, so that none is judged by what was learned from itself.
    """
    numbers: dict[bytes, int] = {}
    for group in _by_rarest_label(labels):
        for digest in sorted({digests[row] for row in group} - numbers.keys()):
            numbers[digest] = len(numbers) % folds
    return np.array([numbers[digest] for digest in digests], np.intp)


def spread_sample(digests: Sequence[bytes], labels: Sequence[tuple[str, ...]], count: int) -> Rows:
    """Rows of about `count` pictures by their digests and labels, in the order of these: of each label its
    part, and at least 50 where it has as many.
    """
    rows: list[int] = []
    for group in _by_rarest_label(labels):
        share = max(_MIN_OF_LABEL, -(-len(group) * count // len(labels)))
        rows += sorted(group, key=lambda row: digests[row])[:share]
    return np.array(sorted(rows, key=lambda row: (digests[row], labels[row])), np.intp)


def _by_rarest_label(labels: Sequence[tuple[str, ...]]) -> list[list[int]]:
    """Rows of pictures, those of the rarest label first, each picture with its rarest; without one, last."""
    counts = Counter(label for some in labels for label in some)
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row, some in enumerate(labels):
        groups[min(((counts[one], one) for one in some), default=(len(labels) + 1, ""))].append(row)
    return [groups[rarest] for rarest in sorted(groups)]
