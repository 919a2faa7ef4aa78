"""Arrays made row by row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from regard.vision.pixels import Floats


def by_row(make: Callable[..., Floats], *arrays: Floats) -> Floats:
    """`make` of each row (1, …) of the arrays (N, …) by itself, joined: (N, …). N is at least 1.

    BLAS multiplies a matrix otherwise than its rows, so that a product's last bits depend on what else is
    multiplied. What is made here depends on its own row and on nothing else.
    """
    rows = (slice(row, row + 1) for row in range(len(arrays[0])))
    return np.concatenate([make(*(array[row] for array in arrays)) for row in rows])
