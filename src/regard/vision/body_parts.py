"""Parts of the body, covered and bare, by NudeNet's 320 px detector (a YOLOv8; its weights are AGPL-3.0)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from regard.vision.geometry import Box, boxes_of, nms_by_class
from regard.vision.image import Image
from regard.vision.pixels import Floats, resize
from regard.vision.runner import Runner

SIDE = 320  # px, of the network's square
MIN_SCORE = 0.1
NMS_IOU = 0.45


class Part(Enum):
    """The network's classes, in its own order."""

    FEMALE_GENITALIA_COVERED = 0
    FACE_FEMALE = 1
    BUTTOCKS_EXPOSED = 2
    FEMALE_BREAST_EXPOSED = 3
    FEMALE_GENITALIA_EXPOSED = 4
    MALE_BREAST_EXPOSED = 5
    ANUS_EXPOSED = 6
    FEET_EXPOSED = 7
    BELLY_COVERED = 8
    FEET_COVERED = 9
    ARMPITS_COVERED = 10
    ARMPITS_EXPOSED = 11
    FACE_MALE = 12
    BELLY_EXPOSED = 13
    MALE_GENITALIA_EXPOSED = 14
    ANUS_COVERED = 15
    FEMALE_BREAST_COVERED = 16
    BUTTOCKS_COVERED = 17


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One part: `score` is the network's, 0 to 1; `box` in pixels of the upright picture."""

    part: Part
    score: float
    box: Box


class BodyPartDetector:
    """Safe to share by threads. Its network is optional: ask `is_installed` before."""

    version = "320n"
    networks = ("nudenet",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def digest(self) -> str:
        """SHA-256 of the network's file, hex. Raises KeyError where it isn't installed."""
        return self._runner.digest(self.networks[0])

    def is_installed(self) -> bool:
        """Whether the network is there. Raises what the runner raises where it is damaged."""
        return self.networks[0] in self._runner

    def detect(self, image: Image) -> list[BodyPart]:
        """The parts of all people in a picture, the surest first."""
        blob, scale = letterbox(image)
        [predictions] = self._runner.run("nudenet", {"images": blob})
        return decode(predictions[0], scale)


def letterbox(image: Image) -> tuple[Floats, float]:
    """The picture in the corner of a black square, float32 (1, 3, SIDE, SIDE), RGB, 0 to 1, and its scale."""
    scale = SIDE / max(image.width, image.height)
    width, height = (max(1, round(side * scale)) for side in (image.width, image.height))
    square = np.zeros((SIDE, SIDE, 3), np.float32)
    square[:height, :width] = resize(image.pixels, width, height)
    return np.ascontiguousarray(square.transpose(2, 0, 1)[None] / np.float32(255)), scale


def decode(predictions: Floats, scale: float) -> list[BodyPart]:
    """Parts from YOLOv8's predictions (4 + classes, N).

    Each of the N columns is a box (centre x and y, width, height, in pixels of the network's square) and a
    probability for each class, of which the best counts. Suppression is within a class.
    """
    centres, sizes, scores = predictions[:2].T, predictions[2:4].T, predictions[4:].T
    kinds = scores.argmax(1)
    best = scores[np.arange(len(scores)), kinds]
    boxes = np.asarray(np.concatenate([centres - sizes / 2, centres + sizes / 2], 1) / scale, np.float32)
    seen = np.flatnonzero(best >= MIN_SCORE)
    kept = seen[nms_by_class(boxes[seen], best[seen], kinds[seen], NMS_IOU)]
    return [
        BodyPart(Part(kind), score, box)
        for kind, score, box in zip(
            kinds[kept].tolist(), best[kept].tolist(), boxes_of(boxes[kept]), strict=True
        )
    ]
