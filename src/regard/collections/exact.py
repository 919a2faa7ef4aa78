"""Exact distances: of vectors that are kept in half precision, and of the few that are kept widened."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_MARGIN = 1e-2  # how much further a distance by a product may be wrong than the exact one it stands for
_LARGEST = float(np.finfo(np.float32).max)
_BLOCK = 512  # vectors that are measured at a time: they stay in a core's cache
_SIGN_AND_REST = np.uint32(0x8FFF_E000).view(np.int32)
_EXPONENTS_APART = np.float32(2.0**112)  # 127 - 15, the biases of both formats


def widen(halves: NDArray[np.float16], out: NDArray[np.float32]) -> None:
    """Writes finite float16 numbers to `out`, of the same shape and contiguous, exactly.

    A half's bits, shifted, are a float's with another exponent, which a product puts right, of subnormal
    numbers too. numpy's own cast takes several times as long: it goes number by number.
    """
    bits = out.view(np.int32)
    bits[...] = halves.view(np.int16)  # the sign is extended to the left, and cut off below
    np.left_shift(bits, 13, out=bits)
    np.bitwise_and(bits, _SIGN_AND_REST, out=bits)
    np.multiply(out, _EXPONENTS_APART, out=out)


def distances_of(halves: NDArray[np.float16], probe: NDArray[np.float32]) -> NDArray[np.float32]:
    """L2 distances float32 (n,) from `probe` (dimension,) to vectors float16 (n, dimension)."""
    gaps = np.empty(halves.shape, np.float32)
    widen(halves, gaps)
    gaps -= probe
    squared: NDArray[np.float32] = np.einsum("nd,nd->n", gaps, gaps)
    return np.sqrt(squared, out=squared)


def measure(
    parts: Sequence[tuple[NDArray[np.float16], NDArray[np.int64]]], probe: NDArray[np.float32]
) -> NDArray[np.float32]:
    """L2 distances float32 from `probe` to the vectors at these places of several arrays, in their order."""
    count = sum(len(places) for _, places in parts)
    halves = np.empty((count, len(probe)), np.float16)
    start = 0
    for vectors, places in parts:
        vectors.take(places, axis=0, out=halves[start : start + len(places)], mode="clip")
        start += len(places)
    return distances_of(halves, probe)


def in_blocks(waiting: Sequence[NDArray[np.int64]]) -> list[list[tuple[int, NDArray[np.int64]]]]:
    """Places of several arrays, dealt in their order to blocks of one size: which array, and places of it."""
    blocks: list[list[tuple[int, NDArray[np.int64]]]] = []
    room = 0
    for number, places in enumerate(waiting):
        start = 0
        while start < len(places):
            if not room:
                blocks.append([])
                room = _BLOCK
            some = places[start : start + room]
            blocks[-1].append((number, some))
            start, room = start + len(some), room - len(some)
    return blocks


def candidates(
    squared: NDArray[np.float32], limit: int, radius: float, missing: float = 0.0
) -> NDArray[np.intp]:
    """Places that hold each of the `limit` nearest within `radius`, by squared distances (n,) that a product
    told, less `missing`: |x|² - 2xq + |q|² cancels badly for near vectors. Those infinitely far are left out.
    """
    bound = min((radius + _MARGIN) ** 2 - missing, _LARGEST)
    near: NDArray[np.intp] = np.flatnonzero(squared <= bound)
    if limit >= len(near):
        return near
    nearest = float(np.partition(squared[near], limit - 1)[limit - 1]) + missing
    kept: NDArray[np.intp] = near[squared[near] <= (max(nearest, 0.0) ** 0.5 + _MARGIN) ** 2 - missing]
    return kept


class Outliers:
    """The vectors of a segment that no code fits, compared with every probe. Any number of threads may ask
    while one erases.
    """

    def __init__(self, places: NDArray[np.int64], vectors: NDArray[np.float16]) -> None:
        """`vectors` (k, dimension) at ascending `places` (k,) of the segment."""
        self.places = places
        self._vectors = vectors.astype(np.float32)
        self._squares: NDArray[np.float32] = np.einsum("nd,nd->n", self._vectors, self._vectors)

    @property
    def memory(self) -> int:
        return self._vectors.nbytes + self._squares.nbytes

    def near(
        self, probes: NDArray[np.float32], limits: Sequence[int], radii: Sequence[float]
    ) -> list[NDArray[np.int64]]:
        """For each of the probes (q, dimension) places that hold its `limit` nearest within its radius."""
        # The larger matrix first: BLAS takes half as long. Without |q|², which is one number for all.
        squared = self._squares - np.ascontiguousarray((self._vectors @ (2 * probes).T).T)
        return [
            self.places[candidates(own, limit, radius, float(probe @ probe))]
            for own, probe, limit, radius in zip(squared, probes, limits, radii, strict=True)
        ]

    def erase(self, places: NDArray[np.int64]) -> None:
        """Overwrites the vectors of those of `places` that are outliers."""
        gone = np.isin(self.places, places)
        self._squares[gone] = np.inf  # first: who reads in between counts none of them as near
        self._vectors[gone] = 0
