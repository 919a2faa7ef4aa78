"""The index of collections of any size: exact in memory while small, compressed segments as it grows.

New vectors go to the tail, an exact index. When it is full, its vectors become a segment; small segments are
merged to larger ones, and those with many erased vectors are built anew. All this happens beside the
searches, which work on what was there when they began. Nothing is partitioned, so that nothing is missed:
every search scans every segment, and ranks by exact distances (see `ranking`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from regard.collections.index import Neighbours, merged
from regard.collections.memory import MemoryIndex
from regard.collections.ranking import nearest
from regard.collections.segment import Segment, build_segment
from regard.collections.workers import Workers, in_turn

_SPARSE = 0.75  # a segment with a smaller part of its vectors alive is built anew


@dataclass(frozen=True, slots=True)
class Sizes:
    """In vectors: when the tail is sealed, what a segment holds at most; and how many segments are merged."""

    tail: int = 16_384
    segment: int = 262_144
    fan: int = 4

    def level(self, segment: Segment) -> int:
        """Segments of one level are merged."""
        size, level = len(segment), 0
        while size >= self.tail * self.fan:
            size //= self.fan
            level += 1
        return level


class SegmentStore(Protocol):
    """Where segments outlast the process."""

    def save(self, segment: Segment) -> Segment:
        """The same segment, mapped from a file; itself where it is already, or where it can't be kept."""

    def publish(self, segments: Sequence[Segment], newest: int) -> None:
        """Makes these the segments that a restart finds; they hold every living vector up to row `newest`.

        Does nothing where one of them is not kept: what was published before then holds.
        """

    def close(self) -> None:
        """Lets another process have the store."""


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """What a search works on."""

    segments: tuple[Segment, ...]
    tail: MemoryIndex


class FastScanIndex:
    """Vectors of `dimension`. Rows that are added grow, as the database's do: what is sealed is a prefix."""

    def __init__(
        self,
        dimension: int,
        workers: Workers,
        *,
        sizes: Sizes | None = None,
        store: SegmentStore | None = None,
        segments: Sequence[Segment] = (),
        newest: int = 0,
    ) -> None:
        """`segments`, with every vector up to row `newest`, are what `store` had kept."""
        self._dimension = dimension
        self._workers = workers
        self._sizes = sizes or Sizes()
        self._store = store
        self._held = _Held(tuple(segments), MemoryIndex(dimension))
        self._newest = newest  # no row of the tail is below it
        self._changing = threading.Lock()  # held while `_held`, or what it holds, is changed
        self._building = threading.Lock()  # held while segments are built; taken before the other
        self._scheduled = False
        self._closed = False

    def __len__(self) -> int:
        held = self._held
        return len(held.tail) + sum(segment.living for segment in held.segments)

    @property
    def memory(self) -> int:
        held = self._held
        return held.tail.memory + sum(segment.memory for segment in held.segments)

    @property
    def segments(self) -> int:
        """How many segments there are."""
        return len(self._held.segments)

    def add(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        known = np.zeros(len(rows), np.bool_)
        if len(rows) and rows.min() <= self._newest:
            for segment in self._held.segments:
                known |= segment.holds(rows)
        rows, vectors = rows[~known], vectors[~known].astype(np.float16, copy=False)
        if len(rows) >= self._sizes.tail:
            self._add_many(rows, vectors)
            return
        with self._changing:
            self._held.tail.add(rows, vectors)
        if len(self._held.tail) >= self._sizes.tail:
            self._schedule()

    def remove(self, rows: NDArray[np.int64]) -> None:
        with self._changing:
            self._held.tail.remove(rows)
            sparse = False
            for segment in self._held.segments:
                segment.erase(rows)
                sparse |= segment.living < _SPARSE * len(segment)
        if sparse:
            self._schedule()

    def search(self, probe: NDArray[np.float32], *, limit: int, radius: float = float("inf")) -> Neighbours:
        held = self._held
        probe = np.asarray(probe, np.float32)
        tail = held.tail.search(probe, limit=limit, radius=radius)
        if not held.segments:
            return tail
        return merged([tail, nearest(held.segments, probe, limit, radius, self._workers)], limit)

    def settle(self) -> None:
        """Returns when upkeep has nothing more to do."""
        self._keep_up()

    def publish(self) -> None:
        """Tells the store what there is, so that a restart begins from here."""
        with self._building:
            self._publish()

    def close(self) -> None:
        self._closed = True
        with self._building:
            if self._store is not None:
                self._publish()
                self._store.close()

    # --- upkeep ------------------------------------------------------------------------------------------

    def _schedule(self) -> None:
        with self._changing:
            if self._scheduled or self._closed:
                return
            self._scheduled = True
        self._workers.later(self._keep_up)

    def _keep_up(self) -> None:
        with self._building:
            self._scheduled = False
            while not self._closed and (self._seal(self._sizes.tail) or self._merge()):
                self._publish()

    def _add_many(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        """Builds segments at once: to fill a tail again and again would take a loader longer."""
        order = np.argsort(rows)
        parts = [order[at : at + self._sizes.segment] for at in range(0, len(rows), self._sizes.segment)]
        built: dict[int, Segment] = {}

        def build(number: int) -> None:
            built[number] = self._build(rows[parts[number]], vectors[parts[number]])

        with self._building:
            while self._seal(1):
                pass
            # The first segment of an index makes the basis that the others share.
            alone = 0 if self._held.segments else 1
            in_turn(build, range(alone))
            self._append([built[number] for number in range(alone)])
            self._workers.each(build, range(alone, len(parts)))
            self._append([built[number] for number in range(alone, len(parts))])
            self._publish()
        self._schedule()

    def _append(self, segments: Sequence[Segment]) -> None:
        with self._changing:
            self._held = _Held((*self._held.segments, *segments), self._held.tail)
            self._newest = max([self._newest, *(int(segment.rows[-1]) for segment in segments)])

    def _seal(self, least: int) -> bool:
        """Makes the tail a segment, where it has `least` vectors."""
        tail = self._held.tail
        if len(tail) < least:
            return False
        # The oldest: when sealing falls behind, the tail holds more than a segment may.
        rows, vectors = tail.living()
        rows, vectors = rows[: self._sizes.segment], vectors[: self._sizes.segment]
        segment = self._build(rows, vectors)
        with self._changing:
            segment.erase(rows[~tail.holds(rows)])  # removed while the segment was built
            later_rows, later_vectors = tail.living()
            later = ~segment.holds(later_rows)
            fresh = MemoryIndex(self._dimension)
            fresh.add(later_rows[later], later_vectors[later])
            self._held = _Held((*self._held.segments, segment), fresh)
            self._newest = max(self._newest, int(rows[-1]))
        return True

    def _merge(self) -> bool:
        """Puts one segment in the place of several small ones, or of one that is sparse."""
        chosen = self._mergeable()
        if not chosen:
            return False
        copies = [segment.living_vectors() for segment in chosen]
        rows = np.concatenate([rows for rows, _ in copies])
        vectors = np.concatenate([vectors for _, vectors in copies])
        order = np.argsort(rows, kind="stable")
        merged_segment = self._build(rows[order], vectors[order]) if len(rows) else None
        with self._changing:
            segments = list(self._held.segments)
            place = segments.index(chosen[0])
            segments[place : place + len(chosen)] = [merged_segment] if merged_segment else []
            if merged_segment:
                living = np.concatenate([segment.living_vectors()[0] for segment in chosen])
                merged_segment.erase(np.setdiff1d(rows, living))  # removed meanwhile
            self._held = _Held(tuple(segments), self._held.tail)
        return True

    def _mergeable(self) -> Sequence[Segment]:
        segments, sizes = self._held.segments, self._sizes
        for segment in segments:
            if segment.living < _SPARSE * len(segment):
                return [segment]
        for start in range(len(segments) - sizes.fan + 1):
            run = segments[start : start + sizes.fan]
            level = sizes.level(run[0])
            if sum(len(segment) for segment in run) <= sizes.segment and all(
                sizes.level(segment) == level for segment in run
            ):
                return run
        return []

    def _build(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> Segment:
        segments = self._held.segments
        segment = build_segment(rows, vectors, segments[0].basis if segments else None)
        return segment if self._store is None else self._store.save(segment)

    def _publish(self) -> None:
        if self._store is None:
            return
        for segment in self._held.segments:
            kept = self._store.save(segment)
            if kept is not segment:
                with self._changing:
                    kept.erase(segment.rows[(segment.alive == 0) & (kept.alive == 1)])  # removed meanwhile
                    segments = [kept if one is segment else one for one in self._held.segments]
                    self._held = _Held(tuple(segments), self._held.tail)
        self._store.publish(self._held.segments, self._newest)
