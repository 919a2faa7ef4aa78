"""Generated face-sized pictures, the same on every machine: no photograph is needed to compare networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def generated_chips(count: int, side: int, seed: int = 7) -> NDArray[np.uint8]:
    """`count` pictures (count, side, side, 3), uint8: integer noise at several scales and crude features."""
    state = np.random.RandomState(seed)  # its streams are frozen for ever, a Generator's are not
    chips = np.zeros((count, side, side, 3), np.int64)
    for cell in (1, 3, 10, 25):
        noise = state.randint(0, 64, (count, side // cell + 1, side // cell + 1, 3))
        chips += noise.repeat(cell, 1).repeat(cell, 2)[:, :side, :side]
    rows, columns = np.mgrid[:side, :side]
    for chip in chips:
        for across, down, radius in [(0.31, 0.36, 0.07), (0.69, 0.36, 0.07), (0.5, 0.74, 0.12)]:
            away = (columns - int(across * side)) ** 2 + (rows - int(down * side)) ** 2
            chip[away < (radius * side) ** 2] //= int(state.randint(2, 6))
    return np.clip(chips, 0, 255).astype(np.uint8)
