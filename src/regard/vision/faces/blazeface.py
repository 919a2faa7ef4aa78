"""BlazeFace: large faces at any roll, in one pass over the letterboxed picture.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019; the back-camera
model as in the npm package `@vladmandic/human`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from regard.vision.geometry import nms, sigmoid
from regard.vision.pixels import GREY, Copies, Floats
from regard.vision.runner import Runner

SIDE = 256
MARGIN = 0.1  # of the longer side, on every side: faces that the frame cuts are found when there is room


def _anchors() -> Floats:
    """(896, 2): centres in px; stride 16 with two a cell, then stride 32 with six."""
    parts = []
    for stride, count in ((16, 2), (32, 6)):
        steps = (np.arange(SIDE // stride) + 0.5) * stride
        rows, columns = np.meshgrid(steps, steps, indexing="ij")
        parts.append(np.repeat(np.stack([columns, rows], -1).reshape(-1, 2), count, 0))
    return np.concatenate(parts).astype(np.float32)


ANCHORS = _anchors()


@dataclass(frozen=True, eq=False, slots=True)
class Sightings:
    """`boxes` (N, 4) left, top, right, bottom in px; `scores` (N,); `rolls` (N,) radians, from the eyes."""

    boxes: Floats
    scores: Floats
    rolls: Floats

    @staticmethod
    def none() -> Sightings:
        return Sightings(*(np.zeros(shape, np.float32) for shape in ((0, 4), 0, 0)))


class BlazeFace:
    networks = ("blazeface",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def detect(self, copies: Copies, threshold: float = 0.5) -> Sightings:
        """Faces in the picture that `copies` holds, best first."""
        height, width = copies.shape
        scale = SIDE / max(height, width) / (1 + 2 * MARGIN)
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        left, top = (SIDE - size[0]) // 2, (SIDE - size[1]) // 2
        letterbox = np.full((1, SIDE, SIDE, 3), GREY, np.float32)
        letterbox[0, top : top + size[1], left : left + size[0]] = copies.shrunk(*size)
        letterbox /= 127.5
        letterbox -= 1
        fine, coarse, fine_boxes, coarse_boxes = self._runner.run("blazeface", {"input": letterbox})
        logits = np.concatenate([fine, coarse], 1)[0, :, 0]
        chosen = np.flatnonzero(logits > np.log(threshold / (1 - threshold)))
        regressors = np.concatenate([fine_boxes, coarse_boxes], 1)[0, chosen]
        points = regressors.reshape(-1, 8, 2)
        points[:, 0] += ANCHORS[chosen]
        points[:, 2:] += ANCHORS[chosen][:, None]
        back = np.array([left, top], np.float32)
        ratio = np.array([width / size[0], height / size[1]], np.float32)
        centre = (points[:, 0] - back) * ratio
        half = points[:, 1] * ratio / 2
        boxes = np.concatenate([centre - half, centre + half], 1)
        kept = nms(boxes, logits[chosen], 0.3)
        eyes = (points[kept, 3] - points[kept, 2]) * ratio
        scores = sigmoid(logits[chosen][kept])
        return Sightings(boxes[kept], scores, np.arctan2(eyes[:, 1], eyes[:, 0]))
