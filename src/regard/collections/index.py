"""The interface of every face index. The database is the truth; an index is derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """What a search found, the nearest first, ties by row: `rows` int64 (n,), L2 `distances` float32 (n,)."""

    rows: NDArray[np.int64]
    distances: NDArray[np.float32]


class Index(Protocol):
    """Face embeddings by their database row. Any number of threads may search while others change it."""

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Adds vectors (n, dimension) under their rows, searchable on return; a row that is there stays."""

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Removes rows, not found again by a search that starts afterwards; unknown rows are passed over."""

    def search(self, query: NDArray[np.float32], *, limit: int, radius: float = float("inf")) -> Neighbours:
        """The `limit` nearest of the faces at most `radius` away from `query` (dimension,)."""

    def __len__(self) -> int:
        """How many faces can be found."""
