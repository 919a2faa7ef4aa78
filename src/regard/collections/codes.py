"""4-bit product codes of the vectors of a segment, and what is known of how they err.

An embedding's variance is uneven, and codes of the vectors as they are err three times as much as codes of
their principal components, dealt out so that every subquantizer gets its share of the large and the small.

Method: H. Jégou, M. Douze, C. Schmid, Product Quantization for Nearest Neighbor Search (2011); the basis is
the parametric solution of Ge, He, Ke, Sun, Optimized Product Quantization (2013); the scan in registers is
that of André, Kermarrec, Le Scouarnec, Quicker ADC (2019), as faiss builds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

SUBSPACE = 4  # dimensions that share 4 bits
CENTROIDS = 16
_MAX_STRETCH = 4.0
_OUTLYING = 5.0  # standard deviations of a code's error beyond which a vector is an outlier
_TRAINED = 8192  # vectors that the codebook is trained on: 512 for each of its 16 centroids
_PROBES, _NEAREST = 16, 256  # scans that their rounding is measured on


@dataclass(frozen=True, slots=True)
class CodeErrors:
    """How codes err: where a vector is at distance d from a probe, its code is at squared distance

        d² + N(mean, spread² + (slope d)²)

    With q the probe, x the vector, y its code, e = y - x: |q-y|² = d² + |e|² - 2 e·(q-x). |e|² has the mean
    and the spread; e·(q-x) has mean 0, since codes are stretched so that e leans to no side, and grows with
    d. The scan rounds what it adds up to eight bits: `rounding` is the largest change of a sum that was seen.
    """

    mean: float
    spread: float
    slope: float
    rounding: float

    def bound(self, distance: float, deviations: float) -> float:
        """The squared code distance that vectors within `distance` exceed only at so many deviations."""
        sigma = float(np.hypot(self.spread, self.slope * distance))
        return distance**2 + self.mean + deviations * sigma + self.rounding


@dataclass(frozen=True, slots=True, eq=False)
class Codes:
    """Of n vectors: `basis` (dimension, d) float32, orthogonal; `codebook` (d / 4, 16, 4) float32; `packed`
    uint8, as faiss packs blocks of 32 for its fast scan; `outliers` int64, ascending, the places of vectors
    that no codebook of these fits.
    """

    basis: NDArray[np.float32]
    codebook: NDArray[np.float32]
    packed: NDArray[np.uint8]
    errors: CodeErrors
    outliers: NDArray[np.int64]


def encode(vectors: NDArray[np.float16], basis: NDArray[np.float32] | None = None) -> Codes:
    """Codes of vectors (n, dimension), n at least 1, by a codebook that is trained on a sample of them.

    `basis` is the principal axes of the sample where none is given. The same input makes the same codes.
    """
    subquantizers = -(-vectors.shape[1] // SUBSPACE)
    random = np.random.default_rng(0)
    sample = vectors[random.permutation(len(vectors))[:_TRAINED]].astype(np.float32)
    basis = _principal(sample, subquantizers) if basis is None else basis
    index = faiss.IndexPQFastScan(basis.shape[1], subquantizers, 4)
    faiss.omp_set_num_threads(1)
    index.pq.cp.min_points_per_centroid = 1  # a tiny segment is no cause for a warning
    sample = np.resize(sample @ basis, (max(len(sample), CENTROIDS), basis.shape[1]))
    index.train(sample)
    for start in range(0, len(vectors), _TRAINED):
        index.add(vectors[start : start + _TRAINED].astype(np.float32) @ basis)
    codes = index.pq.compute_codes(sample)
    _stretch(index.pq, sample, codes)
    errors = _measure_errors(random, index, sample, codes)
    return Codes(
        basis,
        faiss.vector_to_array(index.pq.centroids).reshape(subquantizers, CENTROIDS, SUBSPACE),
        faiss.AlignedTable_to_array(index.codes),
        errors,
        _find_outliers(index, vectors, basis, errors),
    )


def _principal(sample: NDArray[np.float32], subquantizers: int) -> NDArray[np.float32]:
    """Principal axes (dimension, d), the strong and the weak dealt to the subquantizers in turn."""
    dimension, padded = sample.shape[1], subquantizers * SUBSPACE
    variances, axes = np.linalg.eigh(np.cov(sample.T, bias=True).reshape(dimension, -1))
    strongest = axes[:, np.argsort(-variances)]
    basis = np.zeros((dimension, padded), np.float32)
    deal = np.arange(padded).reshape(SUBSPACE, subquantizers)
    deal[1::2] = deal[1::2, ::-1]  # there and back, so that nobody always gets the better one
    order = deal.T.reshape(-1)  # column -> axis
    real = order < dimension
    basis[:, real] = strongest[:, order[real]]
    return basis


def _stretch(quantizer: Any, sample: NDArray[np.float32], codes: NDArray[np.uint8]) -> None:
    """Moves the centroids of each subspace outwards, until codes err without leaning towards the middle.

    A centroid is the mean of what it stands for, and so nearer to the middle than that. Distances to it
    would err to one side for near vectors and to the other for far ones.
    """
    subspaces = (len(sample), quantizer.M, SUBSPACE)
    middle = sample.mean(axis=0)
    true = (sample - middle).reshape(subspaces)
    coded = (quantizer.decode(codes) - middle).reshape(subspaces)
    length = np.einsum("nms,nms->m", true, true)
    along = np.einsum("nms,nms->m", true, coded)
    factors = np.where(along > 0, length / np.where(along > 0, along, 1), 1).clip(1, _MAX_STRETCH)
    centroids = faiss.vector_to_array(quantizer.centroids).reshape(quantizer.M, CENTROIDS, SUBSPACE)
    middles = middle.reshape(quantizer.M, 1, SUBSPACE)
    stretched = middles + (centroids - middles) * factors[:, None, None]
    faiss.copy_array_to_vector(stretched.astype(np.float32).reshape(-1), quantizer.centroids)


def _find_outliers(
    index: Any, vectors: NDArray[np.float16], basis: NDArray[np.float32], errors: CodeErrors
) -> NDArray[np.int64]:
    """Places of the vectors that no codebook of these fits, the worst hundredth at most."""
    squared = np.empty(len(vectors), np.float32)
    for start in range(0, len(vectors), _TRAINED):
        true = vectors[start : start + _TRAINED].astype(np.float32) @ basis
        coded = index.reconstruct_n(start, len(true))
        squared[start : start + len(true)] = np.sum((coded - true) ** 2, axis=1)
    beyond = np.flatnonzero(squared > errors.mean + _OUTLYING * errors.spread)
    worst = beyond[np.argsort(-squared[beyond])][: max(len(vectors) // 100, 1)]
    return np.sort(worst)


def _measure_errors(
    random: np.random.Generator, index: Any, sample: NDArray[np.float32], codes: NDArray[np.uint8]
) -> CodeErrors:
    """`sample` is in the basis, `codes` are its codes."""
    error = index.pq.decode(codes) - sample
    # The way from a vector to a probe is not known: that between two other vectors stands for it.
    gaps = sample[random.permutation(len(sample))] - sample[random.permutation(len(sample))]
    lengths = np.linalg.norm(gaps, axis=1)
    apart = lengths > 0
    crossed = 2 * np.einsum("nd,nd->n", error, gaps)[apart] / lengths[apart]
    slope = float(np.sqrt(np.mean(crossed**2))) if apart.any() else 0.0
    squared = np.einsum("nd,nd->n", error, error)
    scanned, places = index.search(sample[:_PROBES], min(index.ntotal, _NEAREST))
    found = np.stack([index.reconstruct_batch(nearest) for nearest in places])
    summed = np.sum((found - sample[:_PROBES, None]) ** 2, axis=2)
    rounding = float(np.nan_to_num(np.abs(scanned - summed)).max())
    return CodeErrors(float(squared.mean()), float(squared.std()), slope, rounding)
