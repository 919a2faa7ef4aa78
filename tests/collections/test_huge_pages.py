"""Memory that is read from end to end is to lie in huge pages, where the system has them."""

from __future__ import annotations

import mmap
from pathlib import Path

import faiss
import numpy as np
import pytest

from regard.collections.huge_pages import advise_huge_pages
from regard.collections.segment import build_segment
from tests.collections.gallery_data import people

_MAPS = Path("/proc/self/smaps")

pytestmark = pytest.mark.skipif(
    not _MAPS.exists() or not Path("/sys/kernel/mm/transparent_hugepage").exists(),
    reason="the system has no huge pages to give",
)


def is_advised(address: int) -> bool:
    """Whether the memory at an address was asked to be in huge pages."""
    inside = False
    for line in _MAPS.read_text().splitlines():
        first = line.split()[0]
        if "-" in first and not first.endswith(":"):
            start, end = (int(part, 16) for part in first.split("-"))
            inside = start <= address < end
        elif inside and first == "VmFlags:":
            return "hg" in line.split()
    raise AssertionError("nothing is mapped there")


def test_large_memory_is_advised_but_for_its_first_and_last_page() -> None:
    array = np.frombuffer(mmap.mmap(-1, 8 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS), np.uint8)[100:]
    assert not is_advised(array.ctypes.data + (4 << 20))
    advise_huge_pages(array)
    assert is_advised(array.ctypes.data + (4 << 20))


@pytest.mark.parametrize("size", [0, 1, 5000])
def test_small_arrays_stay_as_they_are(size: int) -> None:
    array = np.full(size, 7, np.uint8)
    advise_huge_pages(array)
    assert (array == 7).all()


def test_what_a_large_segment_scans_is_advised() -> None:
    segment = build_segment(np.arange(40_000), people(40_000, 128))
    codes = segment._scanned._index.codes
    assert is_advised(faiss.rev_swig_ptr(codes.get(), codes.size()).ctypes.data + (codes.size() >> 1))
