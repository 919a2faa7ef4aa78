"""How much memory there is; what the C library keeps though nothing is in it any more, given back."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path


def machine_memory() -> int | None:
    """Bytes of memory that this process may use: the machine's, or its container's."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text("ascii").strip()
    except OSError:
        return machine
    return min(machine, int(limit)) if limit.isdigit() else machine


def return_free_memory() -> None:
    """Gives back what glibc's arenas keep (malloc_trim(3)), in some milliseconds; nothing elsewhere.

    Networks that see pictures of ever other sizes leave pieces of all sizes behind: of a stream worker's
    350 MB some 45, between two pictures.
    """
    if _trim is not None:
        _trim(0)


def _find_trim() -> Callable[[int], int] | None:
    try:
        found: Callable[[int], int] = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library; Windows has none that is loaded so
        return None
    return found


_trim = _find_trim()
