"""Memory that the C library keeps though nothing is in it any more, given back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable


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
