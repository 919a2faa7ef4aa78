"""Exact answers from inexact scans: which codes are looked up exactly, and when enough of them have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.collections.exact import in_blocks, measure
from regard.collections.index import Neighbours, merged
from regard.collections.segment import Segment
from regard.collections.workers import Workers, in_turn

# A vector within the radius is passed over only when its code errs by more than so many standard deviations:
# 2 in 10,000 of those right at the radius, none of those well within.
DEVIATIONS = 3.5
# The same of a search without a radius, of vectors as near as the nearest that are known: 6 in 1,000.
_LIKELY = 2.5
_EXACT = 1024  # a segment of so few vectors is looked up as a whole: how its codes err is not to be known
# Codes that a scan brings at first: so many, and this part of the segment. Without a radius, more of both.
_FIRST, _FIRST_PART = 256, 2048
_UNBOUNDED, _UNBOUNDED_PART = 1000, 768
_GROWTH = 4
# So many codes for each neighbour that is asked for are looked up, to know how near the nearest are.
_FOR_EACH = 4
_MIN_CODES = 64
_MAX_LOOKED_UP = 8192  # codes of a segment; where more are near enough, all its vectors are measured
_WHOLE = 2_097_152  # vectors that one search measures in this way: a radius so wide tells nothing any more
_BLOCK = 16_384  # vectors that are measured at a time
_ALONE = 65_536  # so many codes are scanned before another thread would have begun


@dataclass(frozen=True, slots=True, eq=False)
class ScanRequest:
    """The `limit` nearest of the vectors at most `radius` (L2) from `probe` (dimension,)."""

    probe: NDArray[np.float32]
    limit: int
    radius: float


def scan(
    segments: Sequence[Segment], wanted: Sequence[ScanRequest], workers: Workers
) -> list[list[SegmentScan]]:
    """For each of those wanted together the nearest codes of every segment, from one pass over the codes."""
    probes = np.stack([one.probe for one in wanted])
    turned = {segment.basis_crc: segment.basis for segment in segments}
    turned = {crc: probes @ basis for crc, basis in turned.items()}
    limits, radii = [one.limit for one in wanted], [one.radius for one in wanted]
    bounded = np.isfinite(radii)
    scans: list[list[SegmentScan]] = [[] for _ in wanted]
    found: list[list[SegmentScan]] = [[] for _ in segments]

    def pass_over(number: int) -> None:
        segment = segments[number]
        made: list[SegmentScan | None] = [None] * len(wanted)
        outliers = segment.outliers.near(probes, limits, radii)
        firsts = (_FIRST + len(segment) // _FIRST_PART, _UNBOUNDED + len(segment) // _UNBOUNDED_PART)
        for which, first in zip((bounded, ~bounded), firsts, strict=True):
            asking = np.flatnonzero(which).tolist()
            if not asking:
                continue
            squared, places = segment.scan(turned[segment.basis_crc][asking], first)
            for row, one in enumerate(asking):
                own = turned[segment.basis_crc][one]
                made[one] = SegmentScan(segment, wanted[one], own, outliers[one], squared[row], places[row])
        found[number] = [one for one in made if one is not None]

    helped = sum(len(segment) for segment in segments) > _ALONE
    (workers.each if helped else in_turn)(pass_over, range(len(segments)))
    for of_segment in found:
        for one, of_probe in zip(of_segment, scans, strict=True):
            of_probe.append(one)
    return scans


def nearest(scans: Sequence[SegmentScan], limit: int, radius: float, workers: Workers) -> Neighbours:
    """What was wanted, from what the scans for it have brought.

    Complete within a finite radius (see `DEVIATIONS`), unless so many vectors are about as near as the
    `limit`-th that more than `_WHOLE` would have to be measured. Without a radius, those as near as the
    `limit`-th that the best codes bring are found but for a few (see `_LIKELY`), as far as their codes are
    among the nearest of a segment.
    """
    bounded = bool(np.isfinite(radius))
    first = max(_FOR_EACH * limit, _MIN_CODES if bounded else _UNBOUNDED)
    cut = _smallest([one.squared for one in scans], first)
    _measure(scans, [min(cut, one.bound(radius)) for one in scans], workers)
    # Nothing beyond the neighbours that are known already can be among the nearest.
    reach = min(radius, _smallest([one.distances for one in scans], limit))
    cuts = [one.bound(reach, DEVIATIONS if bounded else _LIKELY) for one in scans]
    if bounded:
        lacking = [one for one, cut in zip(scans, cuts, strict=True) if one.lacks(cut)]
        workers.each(lambda one: one.bring_more(one.bound(reach)), lacking)
    _measure(scans, cuts, workers)
    if bounded:
        crowded = [one for one in scans if one.falls_short(one.bound(reach))]
        allowed = max(_WHOLE // max(len(one.segment) for one in scans), 1)
        workers.each(lambda one: one.measure_all(limit), crowded[:allowed])
    return merged([one.neighbours() for one in scans], limit)


def _measure(scans: Sequence[SegmentScan], cuts: Sequence[float], workers: Workers) -> None:
    """Measures the vectors of all codes nearer than the cut of their scan, side by side where many."""
    waiting = [one.waiting(cut) for one, cut in zip(scans, cuts, strict=True)]
    blocks = in_blocks(waiting)
    measured: list[NDArray[np.float32]] = [np.empty(0, np.float32)] * len(blocks)

    def measure_block(number: int) -> None:
        parts = [(scans[scan].segment.vectors, places) for scan, places in blocks[number]]
        measured[number] = measure(parts, scans[0].probe)

    workers.each(measure_block, range(len(blocks)))
    together = np.concatenate([np.empty(0, np.float32), *measured])
    ends = np.cumsum([len(places) for places in waiting])
    for one, places, end in zip(scans, waiting, ends.tolist(), strict=True):
        if len(places):
            one.accept(together[end - len(places) : end])


class SegmentScan:
    """What a search knows of one segment. One thread at a time."""

    def __init__(
        self,
        segment: Segment,
        wanted: ScanRequest,
        turned: NDArray[np.float32],
        outliers: NDArray[np.int64],
        squared: NDArray[np.float32],
        places: NDArray[np.int64],
    ) -> None:
        """`outliers` are places of those that may be near; `squared` and `places` what the scan has brought
        for `turned`, the probe in the basis.
        """
        self.segment = segment
        self.probe = wanted.probe
        self._turned = turned
        self._radius = wanted.radius
        self._outliers = outliers
        self._max_looked_up = min(_MAX_LOOKED_UP, len(segment))
        # Codes, the nearest first: squared distances less what codes err by on average, and places. The
        # outliers, which are measured in any case, stand before them.
        self.squared: NDArray[np.float32]
        self._places: NDArray[np.int64]
        self._hold(squared, places)

    def _hold(self, squared: NDArray[np.float32], places: NDArray[np.int64]) -> None:
        self.squared = squared - np.float32(self.segment.errors.mean)
        self._places = np.concatenate([self._outliers, places]) if len(self._outliers) else places
        # Of the first places, the exact distances; infinite beyond the radius and where erased. Equal codes
        # come in any order: what was looked up is looked up anew where others were brought.
        self.distances: NDArray[np.float32] = np.empty(0, np.float32)

    def bound(self, distance: float, deviations: float = DEVIATIONS) -> float:
        """The squared code distance, adjusted as `squared` is, that vectors within `distance` keep to."""
        return self.segment.errors.bound(distance, deviations) - self.segment.errors.mean

    def lacks(self, cut: float) -> bool:
        """Whether the scan is to go on, to bring all codes nearer than `cut`."""
        return len(self.squared) < self._max_looked_up and bool(self.squared[-1] < self._cut(cut))

    def bring_more(self, cut: float) -> None:
        """Scans until all codes nearer than `cut` are there, or as many as may be looked up."""
        while self.lacks(cut):
            count = min(len(self.squared) * _GROWTH, self._max_looked_up)
            squared, places = self.segment.scan(self._turned[None], count)
            self._hold(squared[0], places[0])

    def waiting(self, cut: float) -> NDArray[np.int64]:
        """Places of the outliers and of the codes nearer than `cut` that are not measured yet."""
        near = int(np.searchsorted(self.squared, np.float32(self._cut(cut)), side="right"))
        return self._places[len(self.distances) : len(self._outliers) + near]

    def accept(self, measured: NDArray[np.float32]) -> None:
        """Takes the distances of what was waiting."""
        done = len(self.distances)
        # Read after the vectors: one that was erased in between is no match, whatever was read of it.
        gone = self.segment.alive[self._places[done : done + len(measured)]] == 0
        measured[gone | (measured > self._radius)] = np.inf
        self.distances = np.concatenate([self.distances, measured]) if done else measured

    def _cut(self, cut: float) -> float:
        return cut if len(self.segment) > _EXACT else np.inf

    def falls_short(self, cut: float) -> bool:
        """Whether codes that were not brought may be nearer than `cut`."""
        return len(self.squared) < len(self.segment) and bool(self.squared[-1] < cut)

    def measure_all(self, limit: int) -> None:
        """Measures every vector of the segment, and keeps the `limit` nearest."""
        places, distances = np.empty(0, np.int64), np.empty(0, np.float32)
        for start in range(0, len(self.segment), _BLOCK):
            block = np.arange(start, min(start + _BLOCK, len(self.segment)))
            places = np.concatenate([places, block])
            distances = np.concatenate([distances, self.segment.distances(self.probe, block)])
            nearest_first = np.lexsort((places, distances))[:limit]
            places, distances = places[nearest_first], distances[nearest_first]
        distances[distances > self._radius] = np.inf
        self._places, self.distances = places, distances

    def neighbours(self) -> Neighbours:
        found = np.flatnonzero(np.isfinite(self.distances))
        places, distances = self._places[found], self.distances[found]
        if len(self._outliers):  # their codes may be near, too
            places, first = np.unique(places, return_index=True)
            distances = distances[first]
        return Neighbours(self.segment.rows[places], distances)


def _smallest(values: Sequence[NDArray[np.float32]], rank: int) -> float:
    """The value of that rank, 1 for the smallest; infinite where there are fewer."""
    together = np.concatenate([np.empty(0, np.float32), *values])
    if len(together) < rank:
        return float("inf")
    return float(np.partition(together, rank - 1)[rank - 1])
