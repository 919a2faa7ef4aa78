"""Examples that tests make: features in clusters, and drawn pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import cv2
import numpy as np

from regard.vision.custom.examples import LabelExamples
from regard.vision.image import Image

DIMENSION = 24
NOTHING = np.zeros((0, DIMENSION))  # no centroids


def clusters(
    counts: Mapping[str, int], *, seed: int = 0, spread: float = 0.25, dimension: int = DIMENSION
) -> LabelExamples:
    """So many pictures of each label, whose features' roots lie about a place of the label's own, the same
    for every seed. A label with + has those on both sides of it: `a+b` is a picture of a and b.
    """
    random = np.random.default_rng(seed)
    rows, labels = [], []
    for name, count in counts.items():
        parts = tuple(name.split("+")) if name else ()
        place = np.mean([_place(part, dimension) for part in parts or ("nothing at all",)], 0)
        rows.append(np.maximum(place + random.normal(0, spread, (count, dimension)), 0) ** 2)
        labels += [parts] * count
    return LabelExamples(np.concatenate(rows).astype(np.float32), tuple(labels))


def _place(name: str, dimension: int) -> np.ndarray:
    random = np.random.default_rng(list(name.encode()))
    return random.uniform(0.2, 1.2, dimension)


def elsewhere(count: int = 8, *, seed: int = 5, dimension: int = DIMENSION) -> np.ndarray:
    """(count, dimension): roots of features of something else."""
    return np.random.default_rng(seed).uniform(0.2, 1.2, (count, dimension))


def drawn(kind: str, seed: int) -> Image:
    """A picture of 160 × 120 px: a disc, a square or stripes of some colour, on noise of another."""
    random = np.random.default_rng([seed, *kind.encode()])
    pixels = (random.integers(60, 200, 3) + random.normal(0, 12, (120, 160, 3))).clip(0, 255).astype(np.uint8)
    colour = [int(value) for value in random.integers(0, 256, 3)]
    x, y, size = (int(value) for value in random.integers((40, 35, 20), (120, 85, 32)))
    if kind == "disc":
        cv2.circle(pixels, (x, y), size, colour, -1, cv2.LINE_AA)
    elif kind == "square":
        cv2.rectangle(pixels, (x - size, y - size), (x + size, y + size), colour, -1)
    else:
        for left in range(x - 40, x + 40, 10):
            cv2.line(pixels, (left, 0), (left, 120), colour, 4)
    return Image(pixels, "")


def pictures(kinds: Sequence[str], count: int, first: int = 0) -> list[tuple[Image, str]]:
    """`count` of each kind, with their kinds."""
    return [(drawn(kind, first + number), kind) for kind in kinds for number in range(count)]
