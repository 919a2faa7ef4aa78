"""Made galleries: one to five images of each identity, half the probes strangers.

`Noise` has identities at random on the sphere, without any cluster; `face_population` as real faces lie.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

RADIUS = float(np.sqrt(2 - 2 * 0.6))  # L2: of noise, every image of the probe's identity is within it
PROBES = 200
_CHUNK = 131_072
_NEAR, _FAR = 0.5, 0.816  # noise of an image; two have the cosine 1 / sqrt((1 + a²)(1 + b²))


class Population(Protocol):
    """Who is in a gallery."""

    def identities(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        """Centres (count, d) of so many identities."""

    def images(self, random: np.random.Generator, centres: NDArray[np.float32]) -> NDArray[np.float32]:
        """One image of each, (count, d)."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Identities at random on the sphere. Images of one have cosines of .6 to .8."""

    dimension: int

    def identities(self, random: np.random.Generator, count: int) -> NDArray[np.float32]:
        return _unit(random.standard_normal((count, self.dimension), np.float32))

    def images(self, random: np.random.Generator, centres: NDArray[np.float32]) -> NDArray[np.float32]:
        noise = random.uniform(_NEAR, _FAR, (len(centres), 1)).astype(np.float32)
        return _unit(centres + noise * _unit(random.standard_normal(centres.shape, np.float32)))


@dataclass(frozen=True, slots=True, eq=False)
class Gallery:
    """`vectors` float16 (count, dimension), mapped; `probes` float32 (PROBES, dimension), half of them known.

    `nearest` int64 (PROBES, 10) are the exact nearest; `within` those at most `radius` away, for each probe.
    """

    vectors: NDArray[np.float16]
    probes: NDArray[np.float32]
    nearest: NDArray[np.int64]
    within: list[NDArray[np.int64]]
    radius: float


def make(
    folder: Path, count: int, dimension: int, population: Population | None = None, radius: float = RADIUS
) -> None:
    """Writes the gallery of `population`, `Noise` when None, into `folder`, with the exact answers to its
    probes.
    """
    population = population or Noise(dimension)
    random = np.random.default_rng([count, dimension])
    vectors = np.lib.format.open_memmap(
        folder / "vectors.npy", "w+", dtype=np.float16, shape=(count, dimension)
    )
    known: list[NDArray[np.float32]] = []
    for start in range(0, count, _CHUNK):
        size = min(_CHUNK, count - start)
        images = random.integers(1, 6, size)
        identity = np.repeat(np.arange(size), images)[:size]
        centres = population.identities(random, int(identity[-1]) + 1)
        vectors[start : start + size] = population.images(random, centres[identity])
        if sum(map(len, known)) < PROBES // 2:
            some = random.permutation(len(centres))[: max(PROBES // 2 * size // count, 1) + 1]
            known.append(population.images(random, centres[some]))
    vectors.flush()
    strangers = population.images(random, population.identities(random, PROBES))
    friends = np.concatenate(known)[: PROBES // 2]
    probes = np.concatenate([friends, strangers])[:PROBES]
    nearest, within = _exact(vectors, probes, radius)
    np.savez(
        folder / "probes.npz",
        probes=probes,
        nearest=nearest,
        within=np.concatenate(within),
        counts=[len(one) for one in within],
        radius=radius,
    )


def load(folder: Path) -> Gallery:
    with np.load(folder / "probes.npz") as found:
        within = np.split(found["within"], np.cumsum(found["counts"])[:-1])
        vectors = np.load(folder / "vectors.npy", mmap_mode="r")
        return Gallery(vectors, found["probes"], found["nearest"], within, float(found["radius"]))


def chunks(vectors: NDArray[np.float16]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    for start in range(0, len(vectors), _CHUNK):
        yield start, vectors[start : start + _CHUNK].astype(np.float32)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    unit: NDArray[np.float32] = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return unit


def _exact(
    vectors: NDArray[np.float16], probes: NDArray[np.float32], radius: float
) -> tuple[NDArray[np.int64], list[NDArray[np.int64]]]:
    """By plain products, chunk by chunk: this is what the engines are measured against."""
    best = np.full((len(probes), 10), np.inf, np.float32)
    nearest = np.zeros((len(probes), 10), np.int64)
    within: list[list[NDArray[np.int64]]] = [[] for _ in probes]
    for start, chunk in chunks(vectors):
        squared = (
            (probes**2).sum(1)[:, None] - 2 * probes @ chunk.T + np.einsum("nd,nd->n", chunk, chunk)[None]
        )
        for number, row in enumerate(squared):
            within[number].append(np.flatnonzero(row <= radius**2) + start)
        some = np.argpartition(squared, min(10, squared.shape[1]) - 1, axis=1)[:, :10]
        together = np.concatenate([best, np.take_along_axis(squared, some, 1)], axis=1)
        places = np.concatenate([nearest, some + start], axis=1)
        order = np.argsort(together, axis=1)[:, :10]
        best, nearest = np.take_along_axis(together, order, 1), np.take_along_axis(places, order, 1)
    return nearest, [np.concatenate(parts) for parts in within]
