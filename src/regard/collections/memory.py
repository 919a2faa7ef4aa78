"""The exact index: every vector in memory, compared with every probe."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.collections.exact import candidates
from regard.collections.index import Neighbours, merged

_BLOCK = 65_536  # rows compared at a time: bounds a search's memory whatever the gallery's size


@dataclass(slots=True, eq=False)
class _Rows:
    """Arrays of one generation. Places below `used` never change but for `alive`, so readers need no lock."""

    vectors: NDArray[np.float32]
    squares: NDArray[np.float32]
    rows: NDArray[np.int64]
    alive: NDArray[np.bool_]


class MemoryIndex:
    """Exact L2 search over vectors of `dimension`, held as float32."""

    def __init__(self, dimension: int) -> None:
        self._dimension = dimension
        self._lock = threading.Lock()
        self._places: dict[int, int] = {}
        self._used = 0
        self._held = _allocate(0, dimension)

    def __len__(self) -> int:
        return len(self._places)

    @property
    def memory(self) -> int:
        held = self._held
        return held.vectors.nbytes + held.squares.nbytes + held.rows.nbytes + held.alive.nbytes

    def close(self) -> None:
        """There is nothing to let go of."""

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        with self._lock:
            fresh = [n for n, row in enumerate(rows.tolist()) if row not in self._places]
            if not fresh:
                return
            self._make_room(len(fresh))
            held, start = self._held, self._used
            stop = start + len(fresh)
            held.vectors[start:stop] = vectors[fresh]
            held.squares[start:stop] = np.einsum(
                "nd,nd->n", held.vectors[start:stop], held.vectors[start:stop]
            )
            held.rows[start:stop] = rows[fresh]
            held.alive[start:stop] = True
            for place, n in enumerate(fresh, start):
                self._places[int(rows[n])] = place
            self._used = stop

    def remove(self, rows: NDArray[np.int64]) -> None:
        with self._lock:
            for row in rows.tolist():
                place = self._places.pop(row, None)
                if place is not None:
                    self._held.alive[place] = False
                    self._held.vectors[place] = 0  # an erased face leaves nothing behind

    def search(self, probe: NDArray[np.float32], *, limit: int, radius: float = float("inf")) -> Neighbours:
        with self._lock:
            held, used = self._held, self._used
        probe = np.asarray(probe, np.float32)
        near: list[Neighbours] = []
        for start in range(0, used, _BLOCK):
            block = slice(start, min(start + _BLOCK, used))
            squared = held.squares[block] - 2 * (held.vectors[block] @ probe) + probe @ probe
            squared[~held.alive[block]] = np.inf
            places = start + candidates(squared, limit, radius)
            distances = np.linalg.norm(held.vectors[places] - probe, axis=1).astype(np.float32)
            keep = held.alive[places] & (distances <= radius)
            near.append(Neighbours(held.rows[places[keep]], distances[keep]))
        return merged(near, limit)

    def living(self) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Copies of all rows and vectors, in the order of the rows."""
        with self._lock:
            rows = np.fromiter(self._places.keys(), np.int64, len(self._places))
            places = np.fromiter(self._places.values(), np.int64, len(self._places))
            order = np.argsort(rows)
            return rows[order], self._held.vectors[places[order]].astype(np.float16)

    def holds(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows are here."""
        with self._lock:
            return np.array([row in self._places for row in rows.tolist()], np.bool_)

    def _make_room(self, count: int) -> None:
        """Moves the living to larger arrays, when the free places don't suffice. The lock is held."""
        if self._used + count <= len(self._held.rows):
            return
        old = self._held
        living = np.flatnonzero(old.alive[: self._used])
        # Thousands of small collections share the memory: what is loaded at once gets no room to spare.
        new = _allocate(len(living) + count + len(living) // 2, self._dimension)
        for source, target in (
            (old.vectors, new.vectors),
            (old.squares, new.squares),
            (old.rows, new.rows),
            (old.alive, new.alive),
        ):
            target[: len(living)] = source[living]
        self._places = {int(row): place for place, row in enumerate(new.rows[: len(living)])}
        self._held, self._used = new, len(living)


def _allocate(size: int, dimension: int) -> _Rows:
    return _Rows(
        vectors=np.zeros((size, dimension), np.float32),
        squares=np.zeros(size, np.float32),
        rows=np.zeros(size, np.int64),
        alive=np.zeros(size, np.bool_),
    )
