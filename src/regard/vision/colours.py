"""The dominant colours of a picture or a part of it: k-means in CIE L*a*b*, from the commonest on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.taxonomy import NamedColour, load_colours

MAX_COLOURS = 12  # colours that are told apart at most
_ROUNDS = 12
_APART = 12.0  # ΔE*ab (CIE 1976) that two colours differ by at least
_MIN_SHARE = 0.01  # share of the pixels; rarer colours dominate nothing
_STEP = 16  # levels of a channel that are counted as one when the commonest colours are searched for

Samples = NDArray[np.uint8]  # (N, 3), RGB
Lab = NDArray[np.float32]  # (N, 3): L* 0 to 100, a* and b* about −127 to 127


@dataclass(frozen=True, slots=True)
class DominantColour:
    """sRGB values 0 to 255, the nearest of CSS's colours, and the share (0 to 1) of pixels nearest to it."""

    red: int
    green: int
    blue: int
    named: NamedColour
    share: float


def dominant_colours(samples: Samples, limit: int) -> list[DominantColour]:
    """At most `limit` colours (and at most 12) of pixels (N, 3), the commonest first. None for no pixels."""
    if limit < 1 or not len(samples):
        return []
    lab = to_lab(samples)
    centres = _first_centres(samples, min(limit, MAX_COLOURS))
    for _ in range(_ROUNDS):
        nearest = _nearest(lab, centres)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.stack([np.bincount(nearest, lab[:, axis], len(centres)) for axis in range(3)], 1)
        means = sums / np.maximum(counts, 1)[:, None]
        moved = np.where(counts[:, None] > 0, means, centres).astype(np.float32)
        if np.allclose(moved, centres, atol=0.05):
            break
        centres = moved
    centres = _joined(centres, np.bincount(_nearest(lab, centres), minlength=len(centres)))
    shares = np.bincount(_nearest(lab, centres), minlength=len(centres)) / len(lab)
    return _named_once(centres, shares)


def to_lab(samples: Samples) -> Lab:
    """sRGB to CIE L*a*b* (D65)."""
    scaled = (samples.reshape(1, -1, 3).astype(np.float32)) / 255
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2LAB)[0], np.float32)


def _first_centres(samples: Samples, count: int) -> Lab:
    """The commonest of coarse colours that are apart, as averages of their pixels: (K, 3), 1 ≤ K ≤
    `count`."""
    cells = (samples // _STEP).astype(np.int64) @ np.array([65536, 256, 1])
    _, inverse, counts = np.unique(cells, return_inverse=True, return_counts=True)
    sums = np.stack([np.bincount(inverse.reshape(-1), samples[:, axis]) for axis in range(3)], 1)
    colours = to_lab(np.round(sums / counts[:, None]).astype(np.uint8))
    chosen: list[int] = []
    for row in np.argsort(-counts, kind="stable").tolist():
        if all(np.linalg.norm(colours[row] - colours[other]) >= _APART for other in chosen):
            chosen.append(row)
        if len(chosen) == count:
            break
    return colours[chosen]


def _joined(centres: Lab, counts: NDArray[np.intp]) -> Lab:
    """Centres that came together, as one: the commoner stays."""
    kept: list[int] = []
    for row in np.argsort(-counts, kind="stable").tolist():
        if counts[row] and all(np.linalg.norm(centres[row] - centres[other]) >= _APART / 2 for other in kept):
            kept.append(row)
    return centres[kept]


def _nearest(lab: Lab, centres: Lab) -> NDArray[np.intp]:
    distances = ((lab[:, None] - centres[None]) ** 2).sum(2)
    return np.asarray(distances.argmin(1), np.intp)


def _named_once(centres: Lab, shares: NDArray[np.float64]) -> list[DominantColour]:
    """The centres (K, 3), those that CSS has one name for as one, the commonest first."""
    names, places = _named()
    nearest = _nearest(centres, places)
    found = []
    for name in np.unique(nearest):
        rows = nearest == name
        share = float(shares[rows].sum())
        if share >= _MIN_SHARE:
            centre = np.average(centres[rows], axis=0, weights=shares[rows]).astype(np.float32)
            rgb = cv2.cvtColor(centre.reshape(1, 1, 3), cv2.COLOR_LAB2RGB).reshape(3)
            red, green, blue = np.clip(np.round(255 * rgb), 0, 255).astype(int).tolist()
            found.append(DominantColour(red, green, blue, names[name], share))
    return sorted(found, key=lambda colour: -colour.share)


@cache
def _named() -> tuple[tuple[NamedColour, ...], Lab]:
    names = load_colours()
    return names, to_lab(np.array([(one.red, one.green, one.blue) for one in names], np.uint8))
