"""The scan of a segment's codes: a copy of them in memory, packed as the scan reads them fastest.

A file packs 32 vectors to a block, as faiss does by default. For one probe at a time faiss's kernel works a
fifth less with blocks of 128: it fetches a subquantizer's table once for all of them. So codes are packed
anew when they are read, into huge pages where there are any; what is written stays as it was.
"""

from __future__ import annotations

import threading
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from regard.collections.huge_pages import advise_huge_pages

CODES = 32  # vectors in a block of a file
_SCANNED = 128  # vectors in a block that is scanned
_threads = threading.local()


class CodeScanner:
    """faiss's fast scan over `count` vectors of 4-bit product codes. Any number of threads may scan."""

    def __init__(self, codebook: NDArray[np.float32], codes: NDArray[np.uint8], count: int) -> None:
        """`codebook` (M, 16, s) float32, `codes` (blocks of 32, bytes) uint8 as a file packs them."""
        subquantizers, _, subspace = codebook.shape
        index: Any = faiss.IndexPQFastScan(
            subquantizers * subspace, subquantizers, 4, faiss.METRIC_L2, _SCANNED
        )
        faiss.copy_array_to_vector(np.ascontiguousarray(codebook).reshape(-1), index.pq.centroids)
        packed = _widened(codes)
        index.codes.resize(packed.size)
        held = faiss.rev_swig_ptr(index.codes.get(), packed.size)
        advise_huge_pages(held)
        held[:] = packed.reshape(-1)
        index.ntotal = count
        index.ntotal2 = len(packed) * _SCANNED
        index.is_trained = True
        self._index = index
        self._count = count
        self._packed = held.reshape(-1, codes.shape[1] // CODES, _SCANNED // CODES, CODES)
        in_file: Any = faiss.IndexPQFastScan(index.d, subquantizers, 4, faiss.METRIC_L2, CODES)
        in_file.pq = index.pq
        self._in_file, self._packer = in_file, in_file.get_CodePacker()

    @property
    def memory(self) -> int:
        """Bytes of the copy."""
        return int(self._packed.nbytes)

    def nearest(
        self, turned: NDArray[np.float32], count: int
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Squared distances float32 (q, count) and places int64 (q, count) of the codes nearest to each of
        the probes (q, d), ascending; fewer columns where there are fewer codes.
        """
        if not getattr(_threads, "alone", False):
            faiss.omp_set_num_threads(1)  # counts for the calling thread: one scan, one core
            _threads.alone = True
        squared, places = self._index.search(turned, min(count, self._count))
        unscaled = np.isnan(squared[:, 0])
        if unscaled.any():
            squared[unscaled] = 0.0  # all codes are equally far: faiss has no scale to round by
        return squared, places

    def replace(self, codes: NDArray[np.uint8], place: int, random: np.random.Generator) -> None:
        """Puts a random code in a place of `codes`, as a file packs them, and of the copy."""
        block, within = divmod(place, CODES)
        code = random.integers(0, 256, self._packer.code_size, np.uint8)
        self._packer.pack_1(code, within, codes[block : block + 1])
        # faiss's own packer counts on blocks of 32.
        wide, part = divmod(block, _SCANNED // CODES)
        self._packed[wide, :, part] = codes[block].reshape(-1, CODES)

    def reads(self, codes: NDArray[np.uint8]) -> bool:
        """Whether this faiss packs codes as whoever wrote `codes` did, as far as the last one tells."""
        block, within = divmod(self._count - 1, CODES)
        code = self._packer.unpack_1(codes[block][None], within)
        faiss.copy_array_to_AlignedTable(np.ascontiguousarray(codes[block]), self._in_file.codes)
        self._in_file.ntotal = self._in_file.ntotal2 = CODES
        return bool((self._in_file.pq.decode(code[None])[0] == self._in_file.reconstruct(within)).all())


def _widened(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Blocks of 32 vectors put together to blocks of 128: (blocks, bytes) -> (wide blocks, 4 x bytes).

    A block has 32 bytes for each pair of subquantizers; in a wide one, those of its four parts lie side by
    side.
    """
    parts = _SCANNED // CODES
    missing = -len(codes) % parts
    whole = codes if not missing else np.concatenate([codes, np.zeros((missing, codes.shape[1]), np.uint8)])
    pairs = whole.reshape(-1, parts, codes.shape[1] // CODES, CODES)
    return np.ascontiguousarray(pairs.transpose(0, 2, 1, 3)).reshape(-1, parts * codes.shape[1])
