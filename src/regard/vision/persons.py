"""Persons in a picture: where they are, the unsure ones too, and embeddings of their appearance.

An embedding here is for one video's length: clothes tell more of it than the body.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import cv2
import numpy as np
from numpy.typing import NDArray

from regard.vision.features import SIDE, read_features
from regard.vision.geometry import unit_rows
from regard.vision.labels.objects import COCO, ObjectCandidates, distinct, load_calibration
from regard.vision.pixels import Floats, Pixels, resize
from regard.vision.rows import by_row
from regard.vision.runner import Runner

MIN_PROBABILITY = 0.08
_PERSON = COCO.index("person")
_SAME = 0.65  # IoU from which two boxes are one person: people who cross overlap more than objects do

_BATCH = 4  # what fits the caches: in a batch of 16 MobileNetV2 takes twice as long a person
_HIGH, _WIDE = 96, 48  # px, of a person whose colours are counted
_PARTS = ((0, 22), (18, 52), (48, 92))  # rows of head, upper and lower body
_BINS = (
    np.linspace(0, 180, 9),  # hue
    np.array([0, 40, 100, 256]),  # saturation
    np.array([0, 60, 120, 190, 256]),  # value
)
_BIN_COUNT = 8 * 3 * 4


@dataclass(frozen=True, eq=False, slots=True)
class FoundPersons:
    """`boxes` (N, 4): left, top, right, bottom, px of the picture; `probabilities` (N,), 0 to 1, the largest
    first: that there is a person and the box is theirs (IoU .5).
    """

    boxes: NDArray[np.float64]
    probabilities: NDArray[np.float64]


def find_persons(found: ObjectCandidates, width: int, height: int) -> FoundPersons:
    """The persons of MIN_PROBABILITY and more among what was found in a picture of `width` × `height` px."""
    candidates = distinct(found, same=_SAME)
    probabilities = load_calibration().probabilities(candidates)
    boxes = candidates.boxes * (width, height, width, height)
    kept = (candidates.classes == _PERSON) & (probabilities >= MIN_PROBABILITY)
    rows = np.flatnonzero(kept & (boxes[:, 2:] - boxes[:, :2] >= 1).all(1))
    rows = rows[np.argsort(-probabilities[rows], kind="stable")]
    return FoundPersons(boxes[rows], probabilities[rows])


@dataclass(frozen=True, eq=False, slots=True)
class EmbeddingConstants:
    """Of people in general: `centre` (1280,) of the network's features as they are compared, `projection`
    (1280, K) onto their principal directions, `colours` (288,) the mean of `count_colours`; `weight` of the
    colours beside the network.
    """

    centre: Floats
    projection: Floats
    colours: Floats
    weight: float


class PersonEmbedder:
    """Unit vectors whose cosine tells how alike the appearances of two persons are.

    MobileNetV2's features see cut and pattern, histograms see colour; together they confuse a third as many
    people as either. training/fit_person_embedding.py makes the constants; bench/tracking.py measures. Safe
    to share by threads.
    """

    networks = ("mobilenetv2",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._constants = load_constants()
        self.dimension = self._constants.projection.shape[1] + len(self._constants.colours)

    def embed(self, pixels: Pixels, boxes: NDArray[np.float64]) -> Floats:
        """(N, dimension), float32, unit length, for persons in boxes (N, 4) of a picture (H, W, 3), RGB; each
        the same, bit by bit, whichever others are asked for with it.
        """
        crops = cut_persons(pixels, boxes)
        if not crops:
            return np.zeros((0, self.dimension), np.float32)
        colours = np.array([count_colours(crop) for crop in crops])
        return by_row(self._join, read_in_parts(self._runner, crops), colours)

    def _join(self, features: Floats, colours: Floats) -> Floats:
        constants = self._constants
        shapes = (flattened(features) - constants.centre) @ constants.projection
        apart = colours - constants.colours
        return unit_rows(np.concatenate([unit_rows(shapes), constants.weight * unit_rows(apart)], 1))


def cut_persons(pixels: Pixels, boxes: NDArray[np.float64]) -> list[Pixels]:
    """What the boxes (N, 4) show of a picture, at least a pixel each."""
    height, width = pixels.shape[:2]
    crops = []
    for left, top, right, bottom in np.round(boxes).astype(int).tolist():
        left, top = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
        crops.append(pixels[top : max(bottom, top + 1), left : max(right, left + 1)])
    return crops


def read_in_parts(runner: Runner, crops: list[Pixels]) -> Floats:
    """MobileNetV2's features (N, 1280)."""
    squares = [resize(crop, SIDE, SIDE) for crop in crops]
    parts = [
        read_features(runner, np.stack(squares[begin : begin + _BATCH]))
        for begin in range(0, len(squares), _BATCH)
    ]
    return np.concatenate(parts)


def flattened(features: Floats) -> Floats:
    """Square roots, at unit length: (N, 1280)."""
    return unit_rows(np.sqrt(np.maximum(features, 0)))


def count_colours(crop: Pixels) -> Floats:
    """(288,): of three parts of a body, how much of each colour there is, as square roots (Hellinger).

    The middle of the box counts more: what is beside a person is not theirs.
    """
    small = cv2.resize(crop, (_WIDE, _HIGH), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    places = [np.digitize(hsv[..., n], edges[1:-1]) for n, edges in enumerate(_BINS)]
    bins = (places[0] * 3 + places[1]) * 4 + places[2]
    weights = np.broadcast_to(_across(), bins.shape)
    counts = []
    for top, bottom in _PARTS:
        share = np.bincount(bins[top:bottom].ravel(), weights[top:bottom].ravel(), _BIN_COUNT)
        counts.append(np.sqrt(share / share.sum()))
    return np.concatenate(counts).astype(np.float32)


@cache
def _across() -> NDArray[np.float64]:
    return np.exp(-(((np.arange(_WIDE) - (_WIDE - 1) / 2) / 14) ** 2))


@cache
def load_constants() -> EmbeddingConstants:
    with files("regard.vision").joinpath("person_embedding.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        return EmbeddingConstants(
            stored["centre"].astype(np.float32),
            stored["projection"].astype(np.float32),
            stored["colours"].astype(np.float32),
            float(stored["weight"]),
        )
