"""Pages of two megabytes, for memory that every search reads from end to end."""

from __future__ import annotations

import ctypes
import mmap
import sys
from typing import Any

from numpy.typing import NDArray


def advise_huge_pages(array: NDArray[Any]) -> None:
    """Asks the system to back an array by huge pages as it is first written to; its contents stay.

    A core that goes through memory waits at the border of each page, of which there are 512 times fewer then.
    Linux gives them unasked where `transparent_hugepage/enabled` is `always`; where it is `madvise`, to those
    who ask. Where there are none, nothing happens: it is advice.
    """
    if sys.platform != "linux":
        return
    start = -(-array.ctypes.data // mmap.PAGESIZE) * mmap.PAGESIZE
    length = array.ctypes.data + array.nbytes - start
    if length >= mmap.PAGESIZE:
        ctypes.CDLL(None).madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_HUGEPAGE)
