"""The pictures that a model is fitted on or judged by: their features, and the labels that people gave."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Rows

Features = NDArray[np.float32] | NDArray[np.float16]


@dataclass(frozen=True, eq=False)
class LabelExamples:
    """N pictures. `features` (N, D), float32 or float16, at least 0, may be mapped from a file; `labels`: of
    each picture, without repetition. A picture without any shows none of the labels: it is no picture that
    still waits for its label.

    Raises ValueError where the two don't fit, or a feature is no number.
    """

    features: Features
    labels: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or len(self.features) != len(self.labels):
            raise ValueError(
                f"Features of {self.features.shape} and labels of {len(self.labels)} pictures don't fit."
            )

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def counts(self) -> Counter[str]:
        """How many pictures have each label."""
        return Counter(label for labels in self.labels for label in labels)

    def take(self, rows: Rows) -> LabelExamples:
        """These pictures, in this order."""
        return LabelExamples(self.features[rows], tuple(self.labels[row] for row in rows.tolist()))

    def without(self, label: str | None) -> LabelExamples:
        """The same pictures, with one label less."""
        if label is None or label not in self.counts:
            return self
        kept = tuple(tuple(one for one in labels if one != label) for labels in self.labels)
        return LabelExamples(self.features, kept)

    def digests(self, seed: int) -> list[bytes]:
        """Of each picture's features, by which they are put in an order that is the same in whatever order
        they come.
        """
        salt = seed.to_bytes(16, "little", signed=True)
        rows = (np.ascontiguousarray(row).tobytes() for row in self.features)
        return [hashlib.blake2b(row, digest_size=16, salt=salt).digest() for row in rows]


def targets_of(labels: Sequence[tuple[str, ...]], names: Sequence[str]) -> NDArray[np.float64]:
    """(N, L): 1 where a picture has a label of `names`, else 0. Other labels don't count."""
    columns = {name: column for column, name in enumerate(names)}
    found = np.zeros((len(labels), len(names)))
    for row, some in enumerate(labels):
        found[row, [columns[label] for label in some if label in columns]] = 1
    return found
