"""The index of collections of any size: exact in memory while small, compressed segments as it grows.

New vectors go to the tail, an exact index. When it is full, its vectors become a segment; small segments are
merged to larger ones, and those with many erased vectors are built anew. All this happens beside the
searches, which work on what was there when they began. Nothing is partitioned, so that nothing is missed:
every search scans every segment, and ranks by exact distances (see `ranking`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import structlog
from numpy.typing import NDArray

from regard.collections.batches import Batches
from regard.collections.index import Neighbours, merged
from regard.collections.memory import MemoryIndex
from regard.collections.ranking import ScanRequest, SegmentScan, nearest, scan
from regard.collections.segment import Segment, build_segment
from regard.collections.workers import Workers

_log = structlog.get_logger()
_TOGETHER = 16  # searches that one pass over the codes is for at most
_SEGMENT_OF_TAILS = 64  # tails that a segment holds at most, where nothing else is said
_SPARSE = 0.75  # a segment with a smaller part of its vectors alive is built anew


@dataclass(frozen=True, slots=True)
class Sizes:
    """In vectors: when the tail is sealed, what a segment holds at most; and how many segments are merged."""

    tail: int = 16_384
    segment: int = 1_048_576
    fan: int = 4

    @classmethod
    def of(cls, tail: int) -> Sizes:
        """Those that go with a tail."""
        return cls(tail, tail * _SEGMENT_OF_TAILS)


class SegmentStore(Protocol):
    """Where segments outlast the process."""

    @property
    def owned(self) -> bool:
        """Whether this process keeps the store."""

    def save(self, segment: Segment) -> Segment:
        """The same segment, mapped from a file; itself where it is already, or where it can't be kept."""

    def publish(self, segments: Sequence[Segment], newest: int) -> None:
        """Makes these the segments that a restart finds; they hold every living vector up to row `newest`.

        Does nothing where one of them is not kept: what was published before then holds.
        """


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
        self._due = self._sizes.tail  # how full the tail is when it is sealed
        self._scheduled = False
        self._closed = False
        self._scans = Batches(self._scan, _TOGETHER)

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
        many = len(rows) >= self._sizes.tail
        with self._changing:
            known = np.zeros(len(rows), np.bool_)
            if len(rows) and rows.min() <= self._newest:
                for segment in self._held.segments:
                    known |= segment.holds(rows)
            rows, vectors = rows[~known], vectors[~known].astype(np.float16, copy=False)
            if not many:
                self._held.tail.add(rows, vectors)
        if many:
            self._add_many(rows, vectors)
        elif len(self._held.tail) >= self._due:
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
        wanted = ScanRequest(np.asarray(probe, np.float32), limit, radius)
        scans: list[SegmentScan] = []
        if held.segments:
            # What this batch has scanned may be newer than what was held a moment ago, never older.
            held, scans = self._scans(wanted)
        tail = held.tail.search(wanted.probe, limit=limit, radius=radius)
        return merged([tail, nearest(scans, limit, radius, self._workers)], limit) if scans else tail

    def _scan(self, wanted: Sequence[ScanRequest]) -> list[tuple[_Held, list[SegmentScan]]]:
        """What is held now, and the nearest codes of its segments, for each of those that wait."""
        held = self._held
        return [(held, scans) for scans in scan(held.segments, wanted, self._workers)]

    def settle(self) -> None:
        """Returns when upkeep has nothing more to do."""
        self._keep_up()

    def publish(self) -> None:
        """Tells the store what there is, so that a restart begins from here."""
        with self._building:
            self._publish()

    def close(self) -> None:
        """Publishes what there is, if the store is ours, and ends the upkeep; searches under way go on."""
        self._closed = True
        with self._building:
            if self._store is not None and self._store.owned:
                self._publish()

    def discard(self) -> None:
        """Ends the upkeep. What the store has stays as it is: it is another index's now, or nobody's."""
        self._closed = True
        with self._building:
            self._store = None

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
            try:
                while not self._closed and (self._seal() or self._merge()):
                    self._publish()
            except Exception:  # noqa: BLE001 - nobody waits for this thread's result
                # What is not sealed is searched as it is. Tried again, but not with every face.
                self._due = 2 * len(self._held.tail)
                _log.exception("an index could not be compressed", vectors=len(self))
            else:
                self._due = self._sizes.tail

    def _seal(self) -> bool:
        """Makes the tail a segment, where it is full."""
        if len(self._held.tail) < self._sizes.tail:
            return False
        # The oldest: when sealing falls behind, the tail holds more than a segment may.
        rows, vectors = self._held.tail.living()
        some = slice(self._sizes.segment)
        return self._build_in(rows[some], vectors[some], np.ones(len(rows[some]), np.bool_))

    def _add_many(self, rows: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        """Builds segments at once: to fill a tail again and again would take a loader longer."""
        with self._building:
            waiting, waiting_vectors = self._held.tail.living()
            from_tail = np.repeat([True, False], [len(waiting), len(rows)])
            if len(waiting):
                rows = np.concatenate([waiting, rows])
                vectors = np.concatenate([waiting_vectors, vectors])
            if (np.diff(rows) < 0).any():
                order = np.argsort(rows)
                rows, vectors, from_tail = rows[order], vectors[order], from_tail[order]
            self._build_in(rows, vectors, from_tail)
            self._publish()
        self._schedule()

    def _build_in(
        self, rows: NDArray[np.int64], vectors: NDArray[np.float16], from_tail: NDArray[np.bool_]
    ) -> bool:
        """Puts segments of ascending rows, of the tail or new, behind those that there are."""
        if not len(rows):
            return False
        parts = self._parts(len(rows))
        built: list[Segment | None] = [None] * len(parts)
        basis = self._held.segments[0].basis if self._held.segments else None

        def build(number: int) -> None:
            built[number] = build_segment(rows[parts[number]], vectors[parts[number]], basis)

        if basis is None:  # the first segment of an index makes the basis that the others share
            build(0)
            basis = built[0].basis if built[0] else None
        self._workers.each(build, [number for number, segment in enumerate(built) if segment is None])
        segments = [segment for segment in built if segment is not None]

        def removed() -> NDArray[np.int64]:
            return rows[from_tail & ~self._held.tail.holds(rows)]

        segments = [self._kept(segment, removed) for segment in segments]
        with self._changing:
            gone = removed()
            for segment in segments:
                segment.erase(gone)
            later, later_vectors = self._held.tail.living()
            outside = ~np.isin(later, rows)
            tail = MemoryIndex(self._dimension)
            tail.add(later[outside], later_vectors[outside])
            self._held = _Held((*self._held.segments, *segments), tail)
            self._newest = max(self._newest, int(rows[-1]))
        return True

    def _parts(self, count: int) -> list[slice]:
        """Of so many vectors, what becomes a segment each: as few as can be, but work for every thread."""
        sizes = self._sizes
        worth = min(self._workers.threads, count // (sizes.fan * sizes.tail))
        number = max(-(-count // sizes.segment), worth, 1)
        ends = [count * part // number for part in range(number + 1)]
        return [slice(start, end) for start, end in pairwise(ends)]

    def _merge(self) -> bool:
        """Puts one segment in the place of several small ones, or of one that is sparse."""
        chosen = self._mergeable()
        if not chosen:
            return False
        copies = [segment.living_vectors() for segment in chosen]
        rows = np.concatenate([rows for rows, _ in copies])
        vectors = np.concatenate([vectors for _, vectors in copies])
        if (np.diff(rows) < 0).any():  # else the order is right, and a gigabyte is not copied
            order = np.argsort(rows, kind="stable")
            rows, vectors = rows[order], vectors[order]

        def removed() -> NDArray[np.int64]:
            return np.setdiff1d(rows, np.concatenate([segment.living_rows() for segment in chosen]))

        together: list[Segment] = []
        if len(rows):
            basis = self._held.segments[0].basis
            together = [self._kept(build_segment(rows, vectors, basis), removed)]
            if together[0].file is None and any(segment.file for segment in chosen):
                # What is published must be what is held: else an erasure would not reach it.
                return False
        with self._changing:
            for segment in together:
                segment.erase(removed())
            segments = list(self._held.segments)
            place = segments.index(chosen[0])
            segments[place : place + len(chosen)] = together
            self._held = _Held(tuple(segments), self._held.tail)
        return True

    def _mergeable(self) -> Sequence[Segment]:
        segments, sizes = self._held.segments, self._sizes
        for segment in segments:
            if segment.living < _SPARSE * len(segment):
                return [segment]
        for start in range(len(segments) - 1):
            pair = segments[start : start + 2]
            lengths = [len(segment) for segment in pair]
            if min(lengths) * sizes.fan <= sizes.tail and sum(lengths) <= sizes.segment:
                return pair  # a sliver is not worth a scan of its own
            run = segments[start : start + sizes.fan]
            lengths = [len(segment) for segment in run]
            whole = sum(lengths)
            if len(run) == sizes.fan and whole <= sizes.segment and max(lengths) <= whole / 2:
                return run
        return []

    def _kept(self, segment: Segment, removed: Callable[[], NDArray[np.int64]]) -> Segment:
        """The segment in the store. What was removed while it was built is not written at all."""
        if self._store is None:
            return segment
        segment.erase(removed())
        return self._store.save(segment)

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
