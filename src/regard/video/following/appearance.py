"""The appearance of tracks, so that somebody who was hidden or away is known again.

An embedding is a unit vector; a track's is the mean of those that were taken of it. How alike two must be to
be of one person depends on what the vectors are of; an `AppearanceModel` says it: that of persons is here,
that of faces belongs to their face model.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import unit_rows
from regard.vision.same_person import AppearanceModel

Embeddings = NDArray[np.float32]

_MAX_REMEMBERED = 50  # embeddings that a mean remembers: older ones fade


PERSONS = AppearanceModel(middle=0.4, slope=10.0, max_evidence=4.0, known_again=1.5)


@dataclass(frozen=True, eq=False, slots=True)
class Appearance:
    """The mean of `count` embeddings, `mean` (D,) float32, not of unit length: it is the shorter, the more
    they differ. `taken`: when the last was, ms."""

    mean: Embeddings
    count: int
    taken: int

    def with_embedding(self, embedding: Embeddings, timestamp: int) -> Appearance:
        count = min(self.count + 1, _MAX_REMEMBERED)
        return Appearance(self.mean + (embedding - self.mean) / np.float32(count), count, timestamp)

    def merged(self, other: Appearance) -> Appearance:
        """Both together, as of the later."""
        total = self.count + other.count
        mean = (self.mean * self.count + other.mean * other.count) / np.float32(total)
        return Appearance(mean.astype(np.float32), min(total, _MAX_REMEMBERED), max(self.taken, other.taken))

    def state(self) -> dict[str, object]:
        return {"mean": pack(self.mean), "count": self.count, "taken": self.taken}

    @classmethod
    def restore(cls, state: dict[str, object]) -> Appearance:
        return cls(unpack(str(state["mean"])), int(str(state["count"])), int(str(state["taken"])))


def cosines(ours: Sequence[Appearance | None], theirs: Sequence[Embeddings | None]) -> NDArray[np.float64]:
    """(N, M): the cosines of means and embeddings; NaN where either is not there."""
    result = np.full((len(ours), len(theirs)), np.nan)
    rows = [n for n, one in enumerate(ours) if one is not None]
    columns = [n for n, one in enumerate(theirs) if one is not None]
    if rows and columns:
        left = np.array([one.mean for one in ours if one is not None], np.float64)
        right = np.array([one for one in theirs if one is not None], np.float64)
        result[np.ix_(rows, columns)] = unit_rows(left) @ unit_rows(right).T
    return result


def pack(values: Embeddings) -> str:
    """Exactly these numbers as text."""
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def unpack(text: str) -> Embeddings:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
