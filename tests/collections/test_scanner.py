"""Codes are scanned as faiss itself would have packed them."""

from __future__ import annotations

import faiss
import numpy as np
import pytest

from regard.collections.scanner import CodeScanner


def packed_by_faiss(vectors: np.ndarray, subquantizers: int, block: int) -> tuple[np.ndarray, np.ndarray]:
    """The codebook (M, 16, s), and the codes in blocks of so many vectors."""
    dimension = vectors.shape[1]
    index = faiss.IndexPQFastScan(dimension, subquantizers, 4, faiss.METRIC_L2, block)
    index.pq.cp.min_points_per_centroid = 1
    index.train(vectors)
    index.add(vectors)
    codebook = faiss.vector_to_array(index.pq.centroids).reshape(subquantizers, 16, -1)
    pairs = subquantizers + subquantizers % 2
    codes = faiss.AlignedTable_to_array(index.codes)[: -(-len(vectors) // block) * block * pairs // 2]
    return codebook, codes.reshape(-1, block * pairs // 2)


@pytest.mark.parametrize(("count", "subquantizers"), [(300, 2), (700, 7)])
def test_codes_lie_as_faiss_packs_wide_blocks(count: int, subquantizers: int) -> None:
    random = np.random.default_rng(3)
    vectors = random.normal(size=(count, subquantizers * 4)).astype(np.float32)
    codebook, narrow = packed_by_faiss(vectors, subquantizers, 32)
    _, wide = packed_by_faiss(vectors, subquantizers, 128)
    scanner = CodeScanner(codebook, narrow, len(vectors))
    assert scanner._packed.tobytes() == wide.tobytes()
    assert scanner.reads(narrow)


def test_a_replaced_code_is_replaced_in_the_file_and_in_the_copy() -> None:
    random = np.random.default_rng(4)
    vectors = random.normal(size=(1000, 32)).astype(np.float32)
    codebook, codes = packed_by_faiss(vectors, 8, 32)
    scanner = CodeScanner(codebook, codes, 1000)
    for place in (0, 33, 127, 128, 999):
        scanner.replace(codes, place, random)
    again = CodeScanner(codebook, codes, 1000)
    assert (scanner._packed == again._packed).all()
    squared, places = scanner.nearest(vectors[[33, 500]], 1000)
    assert sorted(places[0].tolist()) == list(range(1000))
    assert list(places[0]).index(33) > 10
    assert list(places[1]).index(500) < 10
    assert (np.diff(squared, axis=1) >= 0).all()
