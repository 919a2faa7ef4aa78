"""Exact answers from inexact scans: which codes are looked up exactly, and when enough of them have been."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.collections.index import Neighbours, merged
from regard.collections.segment import Segment
from regard.collections.workers import Workers, in_turn

# A vector within the radius is passed over only when its code errs by more than so many standard deviations:
# 2 in 10,000 of those right at the radius, none of those well within.
DEVIATIONS = 3.5
_EXACT = 1024  # a segment of so few vectors is looked up as a whole: how its codes err is not to be known
_FIRST, _FIRST_PART = 256, 2048  # codes that a scan brings at first: so many, and this part of the segment
_GROWTH = 8
# So many codes for each neighbour that is asked for are looked up before the radius is considered.
_FOR_EACH = 40
_MIN_CODES = 1000
_MAX_LOOKED_UP = 8192  # codes of a segment; where more are near enough, all its vectors are measured
_WHOLE = 2_097_152  # vectors that one search measures in this way: a radius so wide tells nothing any more
_BLOCK = 16_384  # vectors that are measured at a time
_ALONE = 65_536  # so many codes are scanned before another thread would have begun


def nearest(
    segments: Sequence[Segment], probe: NDArray[np.float32], limit: int, radius: float, workers: Workers
) -> Neighbours:
    """The `limit` nearest of the vectors at most `radius` (L2) from `probe` (dimension,).

    Complete within a finite radius (see `DEVIATIONS`), unless so many vectors are about as near as the
    `limit`-th that more than `_WHOLE` would have to be measured. Without a radius, it is what the best codes
    bring.
    """
    turned = {segment.basis_crc: probe @ segment.basis for segment in segments}
    scans = [_SegmentScan(segment, probe, turned[segment.basis_crc], radius) for segment in segments]
    best = max(_FOR_EACH * limit, _MIN_CODES)
    share = 0 if np.isfinite(radius) else 2 * best // max(len(scans), 1)
    helped = sum(len(segment) for segment in segments) > _ALONE
    run = workers.each if helped else in_turn

    run(lambda scan: scan.begin(share), scans)
    cut = _smallest([scan.squared for scan in scans], best)
    run(lambda scan: scan.measure(min(cut, scan.bound(radius))), scans)
    if np.isfinite(radius):
        # Nothing beyond the neighbours that are known already can be among the nearest.
        reach = min(radius, _smallest([scan.distances for scan in scans], limit))
        run(lambda scan: scan.measure(scan.bound(reach)), scans)
        crowded = [scan for scan in scans if scan.falls_short(scan.bound(reach))]
        allowed = max(_WHOLE // max(len(scan.segment) for scan in scans), 1)
        run(lambda scan: scan.measure_all(limit), crowded[:allowed])
    return merged([scan.neighbours() for scan in scans], limit)


class _SegmentScan:
    """What a search knows of one segment. One thread at a time."""

    def __init__(
        self, segment: Segment, probe: NDArray[np.float32], turned: NDArray[np.float32], radius: float
    ) -> None:
        self.segment = segment
        self._probe = probe
        self._turned = turned
        self._radius = radius
        self._max_looked_up = min(_MAX_LOOKED_UP, len(segment))
        self._always: NDArray[np.float32] = np.empty(0, np.float32)  # distances of the outliers
        # Codes, the nearest first: squared distances less what codes err by on average, and places.
        self.squared: NDArray[np.float32] = np.empty(0, np.float32)
        self._places: NDArray[np.int64] = np.empty(0, np.int64)
        # Of the first codes, the exact distances; infinite beyond the radius and where erased.
        self.distances: NDArray[np.float32] = np.empty(0, np.float32)

    def bound(self, distance: float) -> float:
        """The squared code distance, adjusted as `squared` is, that vectors within `distance` keep to."""
        return self.segment.errors.bound(distance, DEVIATIONS) - self.segment.errors.mean

    def begin(self, minimum: int) -> None:
        """Scans for the nearest codes, at least `minimum`, and measures what is measured in any case."""
        self.bring(max(_FIRST + len(self.segment) // _FIRST_PART, minimum))
        self._always = self.segment.distances(self._probe, self.segment.outliers)

    def bring(self, count: int) -> None:
        squared, self._places = self.segment.scan(self._turned, count)
        self.squared = squared - np.float32(self.segment.errors.mean)
        # Equal codes come in any order: what was looked up is looked up anew.
        self.distances = np.empty(0, np.float32)

    def measure(self, cut: float) -> None:
        """Measures the vectors of all codes nearer than `cut`, and scans for more codes where it must."""
        cut = cut if len(self.segment) > _EXACT else np.inf
        while len(self.squared) < self._max_looked_up and self.squared[-1] < cut:
            self.bring(min(len(self.squared) * _GROWTH, self._max_looked_up))
        done = len(self.distances)
        count = int(np.searchsorted(self.squared, cut, side="right"))
        if count > done:
            measured = self.segment.distances(self._probe, self._places[done:count])
            measured[measured > self._radius] = np.inf
            self.distances = np.concatenate([self.distances, measured])

    def falls_short(self, cut: float) -> bool:
        """Whether codes that were not brought may be nearer than `cut`."""
        return len(self.squared) < len(self.segment) and bool(self.squared[-1] < cut)

    def measure_all(self, limit: int) -> None:
        """Measures every vector of the segment, and keeps the `limit` nearest."""
        places, distances = np.empty(0, np.int64), np.empty(0, np.float32)
        for start in range(0, len(self.segment), _BLOCK):
            block = np.arange(start, min(start + _BLOCK, len(self.segment)))
            places = np.concatenate([places, block])
            distances = np.concatenate([distances, self.segment.distances(self._probe, block)])
            nearest_first = np.lexsort((places, distances))[:limit]
            places, distances = places[nearest_first], distances[nearest_first]
        distances[distances > self._radius] = np.inf
        self._places, self.distances = places, distances

    def neighbours(self) -> Neighbours:
        outliers = self.segment.outliers
        if not len(outliers):
            found = np.flatnonzero(np.isfinite(self.distances))
            return Neighbours(self.segment.rows[self._places[found]], self.distances[found])
        places, first = np.unique(
            np.concatenate([self._places[: len(self.distances)], outliers]), return_index=True
        )
        measured = np.concatenate([self.distances, self._always])[first]
        found = np.isfinite(measured) & (measured <= self._radius)
        return Neighbours(self.segment.rows[places[found]], measured[found])


def _smallest(values: Sequence[NDArray[np.float32]], rank: int) -> float:
    """The value of that rank, 1 for the smallest; infinite where there are fewer."""
    together = np.concatenate([np.empty(0, np.float32), *values])
    if len(together) < rank:
        return float("inf")
    return float(np.partition(together, rank - 1)[rank - 1])
