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

The codes are those of `codes`, the scan that of `scanner`. Distances that count are measured on the vectors.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.collections.codes import CENTROIDS, SUBSPACE, CodeErrors, encode
from regard.collections.exact import Outliers, measure
from regard.collections.scanner import CODES, CodeScanner

FORMAT = 1
_HEADER = 4096
_CHECKED = 256  # vectors under one checksum


class DamagedSegment(ValueError):
    """The bytes are not a whole segment."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the parts of a buffer begin, in bytes, each aligned to 64."""

    count: int
    dimension: int
    outliers: int = 0

    @property
    def subquantizers(self) -> int:
        return -(-self.dimension // SUBSPACE)

    @property
    def padded(self) -> int:
        """Dimensions that the quantizer sees: filled with zeros to a multiple of 4."""
        return self.subquantizers * SUBSPACE

    @property
    def code_block(self) -> int:
        """Bytes of 32 packed codes; faiss takes subquantizers in pairs."""
        return CODES // 2 * (self.subquantizers + self.subquantizers % 2)

    def parts(self) -> dict[str, tuple[int, tuple[int, ...], str]]:
        """Offset, shape and dtype of every part, and of `end` the size of the buffer."""
        shapes: dict[str, tuple[tuple[int, ...], str]] = {
            "basis": ((self.dimension, self.padded), "<f4"),
            "codebook": ((self.subquantizers, CENTROIDS, SUBSPACE), "<f4"),
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
        self.vectors: NDArray[np.float16] = view["vectors"]
        outliers = view["outliers"].astype(np.int64)
        self.outliers = Outliers(outliers, self.vectors[outliers])
        self.alive: NDArray[np.uint8] = view["alive"]
        # What this process has counted: where another keeps the file, `alive` may show its erasures already.
        self._counted = self.alive.copy()
        self.outliers.erase(outliers[self._counted[outliers] == 0])
        self.errors = CodeErrors(**header["errors"])
        self.basis_crc = int(header["basis_crc"])
        self.basis: NDArray[np.float32] = view["basis"]
        self._checksums, self._codes = view["checksums"], view["codes"]
        self._scanned = CodeScanner(view["codebook"], view["codes"], self.layout.count)
        self.living = int(self._counted.sum(dtype=np.int64))

    def __len__(self) -> int:
        """Places, erased ones among them."""
        return self.layout.count

    @property
    def memory(self) -> int:
        """Bytes in memory: codes, outliers, what lives, and the buffer where no file stands behind it."""
        held = self._scanned.memory + self.outliers.memory + self._counted.nbytes
        return held + (0 if self.file else self.buffer.nbytes)

    def scan(self, turned: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Squared distances float32 (q, count) and places int64 (q, count) of the codes nearest to each of
        the probes, ascending; fewer columns in a small segment.

        `turned` is `probes @ basis` (q, d): segments that share a basis share it.
        """
        return self._scanned.nearest(turned, count)

    def distances(self, probe: NDArray[np.float32], places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Exact L2 distances float32 from `probe` to vectors, infinite where one is erased."""
        measured = measure([(self.vectors, places)], probe)
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
        places = places[self._counted[places] == 1]
        self._counted[places] = 0
        self.alive[places] = 0
        self.vectors[places] = 0
        self.outliers.erase(places)
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


def build_segment(
    rows: NDArray[np.int64], vectors: NDArray[np.float16], basis: NDArray[np.float32] | None = None
) -> Segment:
    """A segment in memory of vectors (n, dimension), n at least 1, under ascending rows (n,).

    Its codebook is its own, trained on a sample of its vectors: galleries change with the years, and no
    codebook has to fit them all. `basis` is another segment's. The same input makes the same bytes.
    """
    coded = encode(vectors, basis)
    layout = _Layout(len(rows), vectors.shape[1], len(coded.outliers))
    parts = layout.parts()
    buffer = np.zeros(parts["end"][0], np.uint8)
    view = {name: _part(buffer, where) for name, where in parts.items() if name != "end"}
    view["basis"][:] = coded.basis
    view["codebook"][:] = coded.codebook
    view["outliers"][:] = coded.outliers
    view["rows"][:] = rows
    view["alive"][:] = 1
    view["codes"].reshape(-1)[:] = coded.packed[: view["codes"].size]
    view["vectors"][:] = vectors
    _write_header(buffer, view, layout, coded.errors)
    segment = Segment(buffer)
    for block in range(len(segment._checksums)):
        segment._checksums[block] = segment._checksum(block)
    return segment


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
