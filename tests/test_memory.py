"""Free memory is given back to the system."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

import pytest

from regard.memory import return_free_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the C library of Linux is asked")
def test_memory_between_what_is_still_used_is_given_back() -> None:
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "malloc_trim"):
        pytest.skip("it is not glibc")
    libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = (
        ctypes.c_void_p,
        [ctypes.c_size_t],
        [ctypes.c_void_p],
    )
    pieces = [libc.malloc(60_000) for _ in range(2_000)]
    for piece in pieces:
        ctypes.memset(piece, 1, 60_000)
    for piece in pieces[:-1]:  # the last holds the heap's end
        libc.free(piece)
    before = _resident()
    return_free_memory()
    assert before - _resident() > 80
    libc.free(pieces[-1])


def _resident() -> int:
    """MB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) // 1000
