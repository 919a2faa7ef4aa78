"""The interface of every face index. The database is the truth; an index is derived from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """What a search found, the nearest first, ties by row: `rows` int64 (n,), L2 `distances` float32 (n,)."""

    rows: NDArray[np.int64]
    distances: NDArray[np.float32]


class SearchedIndex(Protocol):
    """Embeddings by their database row, as whoever searches sees them. Any number of threads may search."""

    def search(self, probe: NDArray[np.float32], *, limit: int, radius: float = float("inf")) -> Neighbours:
        """The `limit` nearest of the vectors at most `radius` (L2) away from `probe` (dimension,)."""

    def __len__(self) -> int:
        """How many vectors can be found."""

    @property
    def memory(self) -> int:
        """Bytes that it holds in memory; what is mapped from files is the system's to keep or drop."""

    def close(self) -> None:
        """Lets go of threads and files. What was derived is kept for the next start where it can be."""


class Index(SearchedIndex, Protocol):
    """An index that is told what changes, while others search."""

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        """Adds vectors (n, dimension) under their rows, searchable on return; a row that is there stays."""

    def remove(self, rows: NDArray[np.int64]) -> None:
        """Removes rows, not found again by a search that starts afterwards; unknown rows are passed over."""


def merged(found: Sequence[Neighbours], limit: int) -> Neighbours:
    """The `limit` nearest of several answers."""
    if not found:
        return Neighbours(np.empty(0, np.int64), np.empty(0, np.float32))
    rows = np.concatenate([one.rows for one in found])
    distances = np.concatenate([one.distances for one in found])
    order = np.lexsort((rows, distances))[:limit]
    return Neighbours(rows[order], distances[order])
