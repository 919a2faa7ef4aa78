"""Faces cut out upright, at one size, from their landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]

# Where MTCNN puts the five landmarks of an average face within dlib's reference frame (its
# `get_face_chip_details`, whose five points are 0 to 1 in the face without its padding).
TEMPLATE = np.array(
    [(0.2310, 0.2147), (0.7716, 0.2122), (0.4996, 0.5222), (0.2537, 0.7591), (0.7486, 0.7614)], np.float32
)
PADDING = 0.25  # of the face on each side, dlib's for its recognition network


def similarity_transforms(landmarks: Floats, side: int, padding: float = PADDING) -> NDArray[np.float64]:
    """The maps (N, 2, 3) that carry `landmarks` (N, 5, 2), px, best onto the template in a `side`² chip.

    Least squares over rotation, scale and shift, the solution of Umeyama (1991), in complex numbers. A pixel's
    centre is at whole coordinates in both frames.
    """
    target = ((TEMPLATE + padding) / (1 + 2 * padding) * side).astype(np.float64)
    goal = target[:, 0] + 1j * target[:, 1]
    source = landmarks[..., 0].astype(np.float64) + 1j * landmarks[..., 1]
    middle, goal_middle = source.mean(1, keepdims=True), goal.mean()
    spread = source - middle
    energy = np.maximum((np.abs(spread) ** 2).sum(1), 1e-9)
    turn = (np.conj(spread) * (goal - goal_middle)).sum(1) / energy
    shift = goal_middle - turn * middle[:, 0]
    rows = [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    return np.moveaxis(np.array(rows), -1, 0)


class FaceChips:
    """Chips of one picture's faces; large faces are taken from a copy that was shrunk first."""

    def __init__(self, pixels: Pixels) -> None:
        self._copies = [pixels]

    def take(self, landmarks: Sequence[Floats] | Floats, side: int, padding: float = PADDING) -> Pixels:
        """(N, side, side, 3), uint8, RGB, black outside the picture, for `landmarks` N × (5, 2), px."""
        points = np.asarray(landmarks, np.float32).reshape(-1, 5, 2)
        chips = np.empty((len(points), side, side, 3), np.uint8)
        for chip, transform in zip(chips, similarity_transforms(points, side, padding), strict=True):
            scale = float(np.hypot(transform[0, 0], transform[1, 0]))
            copy, factor = self._copy(scale)
            transform = transform.copy()
            # A pixel p of the copy lies at (p + .5) · factor − .5 in the picture.
            transform[:, 2] += transform[:, :2] @ np.full(2, (factor - 1) / 2)
            transform[:, :2] *= factor
            cv2.warpAffine(copy, transform, (side, side), dst=chip, flags=cv2.INTER_LINEAR)
        return chips

    def _copy(self, scale: float) -> tuple[Pixels, int]:
        """The smallest copy that still has at least the chip's resolution, and how often it was halved."""
        level = max(0, int(np.floor(np.log2(1 / max(scale, 1e-3)))))
        while len(self._copies) <= level and min(self._copies[-1].shape[:2]) >= 4:
            last = self._copies[-1]
            even = last[: last.shape[0] // 2 * 2, : last.shape[1] // 2 * 2]
            self._copies.append(cv2.resize(even, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))
        level = min(level, len(self._copies) - 1)
        return self._copies[level], 2**level
