"""A part of a large index: 4-bit PQ codes that a scan compares with a probe, and vectors that rank exactly.

One buffer holds it all, in memory or mapped from a file, little-endian:

| what | shape, dtype | |
|---|---|---|
| header | 4096 bytes | JSON: format, counts, errors of the codes, a CRC-32 of all that never changes |
| basis | (dimension, d) float32 | orthogonal: `vector @ basis` is what the codes stand for |
| codebook | (M, 16, 4) float32 | of a product quantizer with M = d/4 subquantizers, stretched |
| outliers | (k,) int32 | places of vectors whose codes err more than codes here do |
| rows | (n,) int64 | ascending |
| checksums | (blocks,) uint32 | CRC-32 of alive, codes and vectors, for every 256 vectors |
| alive | (n,) uint8 | 0 once erased |
| codes | (blocks of 32, M x 16) uint8 | as faiss packs them for its fast scan |
| vectors | (n, dimension) float16 | zeros once erased |

An embedding's variance is uneven, and codes of the vectors as they are err three times as much as codes of
their principal components, dealt out so that every subquantizer gets its share of the large and the small.

Method: H. Jégou, M. Douze, C. Schmid, Product Quantization for Nearest Neighbor Search (2011); the basis is
the parametric solution of Ge, He, Ke, Sun, Optimized Product Quantization (2013); the scan in registers is
that of André, Kermarrec, Le Scouarnec, Quicker ADC (2019), as faiss builds it.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from regard.collections.scanner import CODES, CodeScanner

FORMAT = 1
_HEADER = 4096
_SUBSPACE = 4  # dimensions that share 4 bits
_CENTROIDS = 16
_MAX_STRETCH = 4.0
_OUTLYING = 5.0  # standard deviations of a code's error beyond which its vector is always looked up
_CHECKED = 256  # vectors under one checksum
_TRAINED = 8192  # vectors that the codebook is trained on: 512 for each of its 16 centroids
_PROBES, _NEAREST = 16, 256  # scans that their rounding is measured on


class DamagedSegment(ValueError):
    """The bytes are not a whole segment."""


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


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the parts of a buffer begin, in bytes, each aligned to 64."""

    count: int
    dimension: int
    outliers: int = 0

    @property
    def subquantizers(self) -> int:
        return -(-self.dimension // _SUBSPACE)

    @property
    def padded(self) -> int:
        """Dimensions that the quantizer sees: filled with zeros to a multiple of 4."""
        return self.subquantizers * _SUBSPACE

    @property
    def code_block(self) -> int:
        """Bytes of 32 packed codes; faiss takes subquantizers in pairs."""
        return CODES // 2 * (self.subquantizers + self.subquantizers % 2)

    def parts(self) -> dict[str, tuple[int, tuple[int, ...], str]]:
        """Offset, shape and dtype of every part, and of `end` the size of the buffer."""
        shapes: dict[str, tuple[tuple[int, ...], str]] = {
            "basis": ((self.dimension, self.padded), "<f4"),
            "codebook": ((self.subquantizers, _CENTROIDS, _SUBSPACE), "<f4"),
            "outliers": ((self.outliers,), "<i4"),
            "rows": ((self.count,), "<i8"),
            "checksums": ((-(-self.count // _CHECKED),), "<u4"),
            "alive": ((self.count,), "|u1"),
            "codes": ((-(-self.count // CODES), self.code_block), "|u1"),
            "vectors": ((self.count, self.dimension), "<f2"),
        }
        offset, placed = _HEADER, {}
        for name, (shape, kind) in shapes.items():
            placed[name] = (offset, shape, kind)
            offset += -(-int(np.prod(shape)) * np.dtype(kind).itemsize // 64) * 64
        return placed | {"end": (offset, (), "|u1")}


class Segment:
    """Vectors in the order of their rows. Any number of threads may search while one erases."""

    def __init__(self, buffer: NDArray[np.uint8], file: Path | None = None) -> None:
        """Takes a whole buffer, `file` where it is mapped from one.

        Raises DamagedSegment where it can't be a segment; `verify` reads codes and vectors, too.
        """
        header = _read_header(buffer)
        self.buffer = buffer
        self.file = file
        self.layout = _Layout(header["count"], header["dimension"], header["outliers"])
        parts = self.layout.parts()
        if len(buffer) != parts["end"][0]:
            raise DamagedSegment("the file has another length than its header says")
        plain = np.asarray(buffer)  # numpy takes far longer over each slice of what it knows as mapped
        view = {name: _part(plain, where) for name, where in parts.items() if name != "end"}
        if _immutable_crc(header, view) != header["crc"]:
            raise DamagedSegment("what never changes was changed")
        self.rows: NDArray[np.int64] = view["rows"]
        self.outliers = view["outliers"].astype(np.int64)
        self.vectors: NDArray[np.float16] = view["vectors"]
        self.alive: NDArray[np.uint8] = view["alive"]
        self.errors = CodeErrors(**header["errors"])
        self.basis_crc = int(header["basis_crc"])
        self.basis: NDArray[np.float32] = view["basis"]
        self._checksums, self._codes = view["checksums"], view["codes"]
        self._scanned = CodeScanner(view["codebook"], view["codes"], self.layout.count)
        self.living = int(self.alive.sum(dtype=np.int64))

    def __len__(self) -> int:
        """Places, erased ones among them."""
        return self.layout.count

    @property
    def memory(self) -> int:
        """Bytes in memory: the codes, and the buffer where no file stands behind it."""
        return self._scanned.memory + (0 if self.file else self.buffer.nbytes)

    def scan(self, turned: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Squared distances float32 (q, count) and places int64 (q, count) of the codes nearest to each of
        the probes, ascending; fewer columns in a small segment.

        `turned` is `probes @ basis` (q, d): segments that share a basis share it.
        """
        return self._scanned.nearest(turned, count)

    def distances(self, probe: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Exact L2 distances float32 from `probe` to vectors, infinite where one is erased."""
        measured = lengths(self.vectors[places].astype(np.float32) - probe)
        # Read after the vectors: one that was erased in between is no match, whatever was read of it.
        measured[self.alive[places] == 0] = np.inf
        return measured

    def holds(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of these rows have a place here, erased or not."""
        places = np.minimum(np.searchsorted(self.rows, rows), len(self) - 1)
        return np.asarray(self.rows[places] == rows)

    def erase(self, rows: NDArray[np.int64]) -> int:
        """Overwrites those of `rows` that live here, and answers how many. One thread at a time."""
        places = np.searchsorted(self.rows, rows[self.holds(rows)])
        places = places[self.alive[places] == 1]
        self.alive[places] = 0
        self.vectors[places] = 0
        # Random codes lie where vectors do not: one fixed code would crowd the scans of what is near it.
        random = np.random.default_rng(len(self) + self.living)
        for place in places.tolist():
            self._scanned.replace(self._codes, place, random)
        for block in np.unique(places // _CHECKED).tolist():
            self._checksums[block] = self._checksum(block)
        self.living -= len(places)
        return len(places)

    def living_rows(self) -> NDArray[np.int64]:
        """A copy of the rows that are not erased."""
        return self.rows[np.flatnonzero(self.alive)]

    def living_sample(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Rows and vectors of so many places from the first to the last that live, fewer where there are."""
        places = np.flatnonzero(self.alive)
        if len(places):
            places = places[np.unique(np.linspace(0, len(places) - 1, count).astype(np.int64))]
        return self.rows[places], self.vectors[places]

    def living_vectors(self) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
        """Copies of the rows and vectors that are not erased."""
        places = np.flatnonzero(self.alive)
        return self.rows[places], self.vectors[places]

    def verify(self) -> None:
        """Reads all that erasures change. Raises DamagedSegment when something else has changed it."""
        for block in range(len(self._checksums)):
            if self._checksum(block) != self._checksums[block]:
                raise DamagedSegment("codes or vectors were changed")
        if not self._scanned.reads(self._codes):
            raise DamagedSegment("codes are packed in another way")

    def _checksum(self, block: int) -> int:
        which = slice(block * _CHECKED, (block + 1) * _CHECKED)
        codes = slice(which.start // CODES, which.stop // CODES)
        return _crc(self.vectors[which], _crc(self._codes[codes], _crc(self.alive[which])))


def lengths(gaps: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of vectors (n, dimension), (n,)."""
    squared: NDArray[np.float32] = np.einsum("nd,nd->n", gaps, gaps)
    return np.sqrt(squared)


def build_segment(
    rows: NDArray[np.int64], vectors: NDArray[np.float16], basis: NDArray[np.float32] | None = None
) -> Segment:
    """A segment in memory of vectors (n, dimension), n at least 1, under ascending rows (n,).

    Its codebook is its own, trained on a sample of its vectors: galleries change with the years, and no
    codebook has to fit them all. `basis` is another segment's. The same input makes the same bytes.
    """
    layout = _Layout(len(rows), vectors.shape[1])
    random = np.random.default_rng(0)
    sample = vectors[random.permutation(len(rows))[:_TRAINED]].astype(np.float32)
    basis = _principal(sample, layout) if basis is None else basis
    index = faiss.IndexPQFastScan(layout.padded, layout.subquantizers, 4)
    faiss.omp_set_num_threads(1)
    index.pq.cp.min_points_per_centroid = 1  # a tiny segment is no cause for a warning
    sample = np.resize(sample @ basis, (max(len(sample), _CENTROIDS), layout.padded))
    index.train(sample)
    for start in range(0, len(rows), _TRAINED):
        index.add(vectors[start : start + _TRAINED].astype(np.float32) @ basis)
    codes = index.pq.compute_codes(sample)
    _stretch(index.pq, sample, codes)
    errors = _measure_errors(random, index, sample, codes)
    outliers = _find_outliers(index, vectors, basis, errors)

    layout = _Layout(len(rows), vectors.shape[1], len(outliers))
    parts = layout.parts()
    buffer = np.zeros(parts["end"][0], np.uint8)
    view = {name: _part(buffer, where) for name, where in parts.items() if name != "end"}
    view["basis"][:] = basis
    view["codebook"].reshape(-1)[:] = faiss.vector_to_array(index.pq.centroids)
    view["outliers"][:] = outliers
    view["rows"][:] = rows
    view["alive"][:] = 1
    view["codes"].reshape(-1)[:] = faiss.AlignedTable_to_array(index.codes)[: view["codes"].size]
    view["vectors"][:] = vectors
    _write_header(buffer, view, layout, errors)
    segment = Segment(buffer)
    for block in range(len(segment._checksums)):
        segment._checksums[block] = segment._checksum(block)
    return segment


def _principal(sample: NDArray[np.float32], layout: _Layout) -> NDArray[np.float32]:
    """Principal axes (dimension, d), the strong and the weak dealt to the subquantizers in turn."""
    variances, axes = np.linalg.eigh(np.cov(sample.T, bias=True).reshape(layout.dimension, -1))
    strongest = axes[:, np.argsort(-variances)]
    basis = np.zeros((layout.dimension, layout.padded), np.float32)
    deal = np.arange(layout.padded).reshape(_SUBSPACE, layout.subquantizers)
    deal[1::2] = deal[1::2, ::-1]  # there and back, so that nobody always gets the better one
    order = deal.T.reshape(-1)  # column -> axis
    real = order < layout.dimension
    basis[:, real] = strongest[:, order[real]]
    return basis


def _stretch(quantizer: Any, sample: NDArray[np.float32], codes: NDArray[np.uint8]) -> None:
    """Moves the centroids of each subspace outwards, until codes err without leaning towards the middle.

    A centroid is the mean of what it stands for, and so nearer to the middle than that. Distances to it
    would err to one side for near vectors and to the other for far ones.
    """
    subspaces = (len(sample), quantizer.M, _SUBSPACE)
    middle = sample.mean(axis=0)
    true = (sample - middle).reshape(subspaces)
    coded = (quantizer.decode(codes) - middle).reshape(subspaces)
    length = np.einsum("nms,nms->m", true, true)
    along = np.einsum("nms,nms->m", true, coded)
    factors = np.where(along > 0, length / np.where(along > 0, along, 1), 1).clip(1, _MAX_STRETCH)
    centroids = faiss.vector_to_array(quantizer.centroids).reshape(quantizer.M, _CENTROIDS, _SUBSPACE)
    middles = middle.reshape(quantizer.M, 1, _SUBSPACE)
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


def _read_header(buffer: NDArray[np.uint8]) -> dict[str, Any]:
    try:
        header = json.loads(buffer[:_HEADER].tobytes().rstrip(b"\0"))
        if header["format"] == FORMAT and header["count"] > 0 and header["dimension"] > 0:
            return dict(header)
    except (ValueError, KeyError, TypeError) as error:
        raise DamagedSegment("the header can't be read") from error
    raise DamagedSegment("another format")


def _write_header(
    buffer: NDArray[np.uint8], view: dict[str, NDArray[Any]], layout: _Layout, errors: CodeErrors
) -> None:
    header = {
        "format": FORMAT,
        "errors": asdict(errors),
        "basis_crc": zlib.crc32(view["basis"].data),
        **asdict(layout),
    }
    written = json.dumps(header | {"crc": _immutable_crc(header, view)}).encode()
    buffer[: len(written)] = np.frombuffer(written, np.uint8)


def _immutable_crc(header: dict[str, Any], view: dict[str, NDArray[Any]]) -> int:
    """Of all that never changes: the header, less this, and the parts that no erasure touches."""
    said = json.dumps({name: value for name, value in header.items() if name != "crc"}, sort_keys=True)
    crc = zlib.crc32(said.encode())
    for name in ("basis", "codebook", "outliers", "rows"):
        crc = _crc(view[name], crc)
    return crc


def _crc(part: NDArray[Any], before: int = 0) -> int:
    return zlib.crc32(part.data, before)


def _part(buffer: NDArray[np.uint8], where: tuple[int, tuple[int, ...], str]) -> NDArray[Any]:
    offset, shape, kind = where
    size = int(np.prod(shape)) * np.dtype(kind).itemsize
    return buffer[offset : offset + size].view(kind).reshape(shape)
