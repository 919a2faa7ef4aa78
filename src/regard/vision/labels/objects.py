"""Objects of COCO's 80 classes, by CenterNet, with confidences that are probabilities.

The network scores how much a spot resembles an object. How often it is right depends on more: small objects
are more often wrong, those beside others of their kind less often, and those that resemble another class as
much more often. Two logistic functions, fitted by training/fit_labels.py, make probabilities of these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Rows, areas, boxes_of, iou, nms_by_class, sigmoid
from regard.vision.labels.label import Instance
from regard.vision.pixels import Pixels, resize
from regard.vision.runner import Runner

SIDE = 512  # px
MIN_SCORE = 0.08  # of the network
MIN_CONFIDENCE = 40.0  # of an instance that is returned, percent
MIN_OF_BEST = 20.0  # of the best instance of a class, which is returned where none has more
_SAME = 0.4  # IoU from which two boxes of one class are one object
_RIVAL = 0.6  # IoU from which two boxes of different classes are of the same object
_ALONE = float(np.log(0.05 / 0.95))  # stands for the score of a companion that is not there

COCO = (
    "person", "bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat", "traffic light",
    "fire hydrant", "stop sign", "parking meter", "bench", "bird", "cat", "dog", "horse", "sheep", "cow",
    "elephant", "bear", "zebra", "giraffe", "backpack", "umbrella", "handbag", "tie", "suitcase", "frisbee",
    "skis", "snowboard", "sports ball", "kite", "baseball bat", "baseball glove", "skateboard", "surfboard",
    "tennis racket", "bottle", "wine glass", "cup", "fork", "knife", "spoon", "bowl", "banana", "apple",
    "sandwich", "orange", "broccoli", "carrot", "hot dog", "pizza", "donut", "cake", "chair", "couch",
    "potted plant", "bed", "dining table", "toilet", "tv", "laptop", "mouse", "remote", "keyboard",
    "cell phone", "microwave", "oven", "toaster", "sink", "refrigerator", "book", "clock", "vase",
    "scissors", "teddy bear", "hair drier", "toothbrush",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundClass:
    """One class of COCO in a picture. `confidence`: 0 to 100, that the picture has at least one.

    `instances`: those of MIN_CONFIDENCE and more, else the best, the most certain first. `probabilities`: of
    every candidate, 0 to 1, the largest first.
    """

    name: str
    confidence: float
    instances: tuple[Instance, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, eq=False, slots=True)
class ObjectCandidates:
    """`boxes` (N, 4): left, top, right, bottom, 0 to 1; `scores` (N,); `classes` (N,), numbers in COCO."""

    boxes: NDArray[np.float64]
    scores: NDArray[np.float64]
    classes: NDArray[np.intp]

    def take(self, rows: Rows) -> ObjectCandidates:
        return ObjectCandidates(self.boxes[rows], self.scores[rows], self.classes[rows])


@dataclass(frozen=True, eq=False, slots=True)
class Calibration:
    """`instance` (5,) weighs `evidence` and 1; `picture` (2,) the log-odds of any instance and 1."""

    instance: NDArray[np.float64]
    picture: NDArray[np.float64]

    def probabilities(self, candidates: ObjectCandidates) -> NDArray[np.float64]:
        """(N,), 0 to 1: that there is such an object and the box is its own (IoU .5)."""
        return sigmoid(evidence(candidates) @ self.instance[:-1] + self.instance[-1])

    def presence(self, probabilities: NDArray[np.float64]) -> float:
        """0 to 1: that a picture shows a class, for the probabilities (N,) of its instances."""
        return float(sigmoid(self.picture[:1] * any_odds(probabilities) + self.picture[1])[0])


class ObjectDetector:
    """Safe to share by threads."""

    networks = ("centernet",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._calibration = load_calibration()

    def find(self, pixels: Pixels) -> ObjectCandidates:
        """What CenterNet finds in a picture (H, W, 3), RGB, an object maybe several times."""
        return read_candidates(self._runner, pixels)

    def classes(self, found: ObjectCandidates, width: int, height: int) -> list[FoundClass]:
        """The classes of what was found in a picture of `width` × `height` px, each object once, boxes in its
        pixels, in COCO's order.
        """
        candidates = distinct(found)
        boxes = candidates.boxes * (width, height, width, height)
        return _by_class(candidates.classes, self._calibration.probabilities(candidates), boxes)

    def detect(self, pixels: Pixels) -> list[FoundClass]:
        """The classes that a picture (H, W, 3) may have, boxes in its pixels, in COCO's order."""
        height, width = pixels.shape[:2]
        return self.classes(self.find(pixels), width, height)


def _by_class(
    classes: NDArray[np.intp], probabilities: NDArray[np.float64], boxes: NDArray[np.float64]
) -> list[FoundClass]:
    calibration, found = load_calibration(), []
    for number in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == number)
        rows = rows[np.argsort(-probabilities[rows], kind="stable")]
        instances = [
            Instance(box, 100 * probability)
            for box, probability in zip(boxes_of(boxes[rows]), probabilities[rows].tolist(), strict=True)
        ]
        presence = 100 * max(calibration.presence(probabilities[rows]), float(probabilities[rows[0]]))
        found.append(
            FoundClass(COCO[number], presence, _shown(instances), tuple(probabilities[rows].tolist()))
        )
    return found


def _shown(instances: Sequence[Instance]) -> tuple[Instance, ...]:
    """Of instances, the most certain first, those that are worth a box."""
    sure = tuple(one for one in instances if one.confidence >= MIN_CONFIDENCE)
    return sure or tuple(one for one in instances[:1] if one.confidence >= MIN_OF_BEST)


def read_candidates(runner: Runner, pixels: Pixels) -> ObjectCandidates:
    """What CenterNet finds in the whole picture, an object maybe several times.

    The network is shown the picture in a black square: stretched to one, people and objects in a wide picture
    get so thin that half of them are missed.
    """
    square, corner, size = letterboxed(pixels)
    batch = square[None].astype(np.float32)
    found = np.asarray(runner.run("centernet", {"input": batch})[0][0], np.float64)  # (100, 6)
    found = found[(found[:, 4] > MIN_SCORE) & (found[:, 5] < len(COCO))]
    boxes = np.clip((found[:, :4] - np.tile(corner, 2)) / np.tile(size, 2), 0, 1)
    some = (boxes[:, 2:] > boxes[:, :2]).all(1)
    return ObjectCandidates(boxes[some], found[some, 4], found[some, 5].astype(np.intp))


def letterboxed(pixels: Pixels, side: int = SIDE) -> tuple[Pixels, NDArray[np.float64], NDArray[np.float64]]:
    """The picture in the middle of a black square (side, side, 3), its left upper corner there and its size,
    x and y (2,), px of the square.
    """
    corner, size = place_in_square(pixels.shape[1], pixels.shape[0], side)
    (left, top), (across, down) = corner.astype(int).tolist(), size.astype(int).tolist()
    square = np.zeros((side, side, 3), np.uint8)
    square[top : top + down, left : left + across] = resize(pixels, across, down)
    return square, corner, size


def place_in_square(
    width: int, height: int, side: int = SIDE
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where `letterboxed` puts a picture of `width` × `height` px: its left upper corner and its size, x and
    y (2,), px of the square.
    """
    scale = side / max(height, width)
    size = np.array([max(1, round(length * scale)) for length in (width, height)], np.float64)
    return (side - size) // 2, size


def evidence(candidates: ObjectCandidates) -> NDArray[np.float64]:
    """(N, 4): log-odds of the score; log of the share of the picture; log-odds of the best other of the
    class; by how much the strongest of another class at the same place is ahead, at least −1.5."""
    boxes, odds = candidates.boxes, np.log(candidates.scores / (1 - candidates.scores))
    shared = iou(boxes, boxes)
    same = candidates.classes[:, None] == candidates.classes[None]
    others = same & ~np.eye(len(odds), dtype=bool)
    companion = np.where(others, odds[None], -np.inf).max(1, initial=-np.inf)
    companion = np.where(others.any(1), companion, _ALONE)
    rival = np.where(~same & (shared > _RIVAL), odds[None], _ALONE).max(1, initial=_ALONE)
    area = np.log(areas(boxes) + 1e-4)
    return np.stack([odds, area, companion, np.maximum(rival - odds, -1.5)], 1)


def any_odds(probabilities: NDArray[np.float64]) -> float:
    """The log-odds that at least one comes true of independent events with these probabilities (N,)."""
    none = float(np.clip(np.prod(1 - probabilities), 1e-4, 1 - 1e-4))
    return float(np.log((1 - none) / none))


@cache
def load_calibration() -> Calibration:
    file = files("regard.vision.labels").joinpath("objects.json")
    facts: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return Calibration(np.array(facts["instance"]), np.array(facts["picture"]))


def distinct(candidates: ObjectCandidates, *, same: float = _SAME) -> ObjectCandidates:
    """Each object once: of boxes of one class with an IoU of more than `same`, the strongest (NMS)."""
    return candidates.take(nms_by_class(candidates.boxes, candidates.scores, candidates.classes, same))
