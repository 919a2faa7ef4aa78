"""Key points of bodies, by MoveNet (single pose, Lightning)."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box
from regard.vision.pixels import Copies, Floats
from regard.vision.runner import Runner

SIDE = 192  # px
_MARGIN = 1.25  # of a body's longer side: the network's square
_BATCH = 8


class Point(IntEnum):
    """The network's key points, in its own order; left and right are the person's."""

    NOSE = 0
    LEFT_EYE = 1
    RIGHT_EYE = 2
    LEFT_EAR = 3
    RIGHT_EAR = 4
    LEFT_SHOULDER = 5
    RIGHT_SHOULDER = 6
    LEFT_ELBOW = 7
    RIGHT_ELBOW = 8
    LEFT_WRIST = 9
    RIGHT_WRIST = 10
    LEFT_HIP = 11
    RIGHT_HIP = 12
    LEFT_KNEE = 13
    RIGHT_KNEE = 14
    LEFT_ANKLE = 15
    RIGHT_ANKLE = 16


class BodyPose:
    """Safe to share by threads."""

    networks = ("movenet",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def read(self, copies: Copies, boxes: Sequence[Box]) -> Floats:
        """Key points (N, 17, 3) of the bodies in `boxes`: x and y in pixels of the upright picture, and the
        network's score, 0 to 1. The network tells of one body a square, the one in its middle.
        """
        maps = _squares(boxes)
        cuts = copies.cut(maps.copy(), SIDE)
        parts = [
            self._runner.run("movenet", {"input": cuts[begin : begin + _BATCH].astype(np.int32)})[0][:, 0]
            for begin in range(0, len(cuts), _BATCH)
        ]
        found = np.concatenate(parts) if parts else np.zeros((0, 17, 3), np.float32)
        # A place of 0 is the left edge of the first pixel, whose centre has coordinate 0.
        places = found[:, :, 1::-1] * SIDE - 0.5
        points = np.einsum("nij,nkj->nki", maps[:, :, :2], places) + maps[:, None, :, 2]
        return np.concatenate([points, found[:, :, 2:]], 2).astype(np.float32)


def _squares(boxes: Sequence[Box]) -> NDArray[np.float64]:
    """The maps (N, 2, 3) from pixels of the network's square to those of the picture."""
    maps = np.zeros((len(boxes), 2, 3))
    for row, box in zip(maps, boxes, strict=True):
        scale = _MARGIN * max(box.width, box.height) / SIDE
        middle = np.array([box.left + box.width / 2, box.top + box.height / 2]) - 0.5
        row[:, :2] = scale * np.eye(2)
        row[:, 2] = middle - scale * (SIDE - 1) / 2
    return maps
