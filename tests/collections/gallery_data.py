"""Embeddings of made people: as those of faces are, near one another for one person, else far apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def people(count: int, dimension: int, *, images: int = 1, seed: int = 0) -> NDArray[np.float16]:
    """Unit vectors (count x images, dimension), the images of a person next to one another."""
    random = np.random.default_rng(seed)
    centres = np.repeat(_unit(random.standard_normal((count, dimension))), images, axis=0)
    noise = random.standard_normal(centres.shape) * (0.65 / dimension**0.5)
    return _unit(centres + noise).astype(np.float16)


def uneven(count: int, dimension: int, *, seed: int = 0) -> NDArray[np.float16]:
    """Vectors whose variance lies in few, slanted directions, as a trained network's does."""
    random = np.random.default_rng(seed)
    scales = np.geomspace(1, 0.01, dimension)
    turn, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((dimension, dimension)))
    vectors = (random.standard_normal((count, dimension)) * scales) @ turn
    return (0.3 * vectors + 0.05).astype(np.float16)


def _unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
