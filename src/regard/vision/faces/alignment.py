"""Faces cut out upright, at one size, from their landmarks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Copies, Floats, Pixels

# Where MTCNN puts the five landmarks of an average face within dlib's reference frame (its
# `get_face_chip_details`, whose five points are 0 to 1 in the face without its padding).
TEMPLATE = np.array(
    [(0.2310, 0.2147), (0.7716, 0.2122), (0.4996, 0.5222), (0.2537, 0.7591), (0.7486, 0.7614)], np.float32
)
PADDING = 0.25  # of the face on each side, dlib's for its recognition network

# Where networks of ArcFace's kind want them, 0 to 1 in the whole chip, of 112 px (Deng et al., "ArcFace:
# Additive Angular Margin Loss for Deep Face Recognition", 2019). To be used without padding.
ARCFACE_TEMPLATE = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)],
    np.float32,
) / np.float32(112)


def similarity_transforms(
    landmarks: Floats, side: int, padding: float = PADDING, template: Floats = TEMPLATE
) -> NDArray[np.float64]:
    """The maps (N, 2, 3) that carry `landmarks` (N, 5, 2), px, best onto the template in a `side`² chip.

    `template` (5, 2), 0 to 1 in the face without its padding. Least squares over rotation, scale and shift,
    the solution of Umeyama (1991), in complex numbers.
    """
    target = ((template + padding) / (1 + 2 * padding) * side).astype(np.float64)
    goal = target[:, 0] + 1j * target[:, 1]
    source = landmarks[..., 0].astype(np.float64) + 1j * landmarks[..., 1]
    middle, goal_middle = source.mean(1, keepdims=True), goal.mean()
    spread = source - middle
    energy = np.maximum((np.abs(spread) ** 2).sum(1), 1e-9)
    turn = (np.conj(spread) * (goal - goal_middle)).sum(1) / energy
    shift = goal_middle - turn * middle[:, 0]
    rows = [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]]
    return np.moveaxis(np.array(rows), -1, 0)


def chip_maps(
    landmarks: Floats, side: int, padding: float = PADDING, template: Floats = TEMPLATE
) -> NDArray[np.float64]:
    """The maps (N, 2, 3) from pixels of a chip to those of the picture, for `landmarks` (N, 5, 2), px."""
    transforms = similarity_transforms(landmarks, side, padding, template)
    turns = np.linalg.inv(transforms[:, :, :2])
    return np.concatenate([turns, -turns @ transforms[:, :, 2:]], 2)


class FaceChips:
    """Chips of one picture's faces."""

    def __init__(self, picture: Pixels | Copies) -> None:
        self.copies = Copies.of(picture)

    def take(
        self,
        landmarks: Sequence[Floats] | Floats,
        side: int,
        padding: float = PADDING,
        *,
        template: Floats = TEMPLATE,
        mirrored: bool = False,
    ) -> Pixels:
        """(N, side, side, 3), uint8, RGB, black outside the picture, for `landmarks` N × (5, 2), px.

        `mirrored` exchanges left and right.
        """
        points = np.asarray(landmarks, np.float32).reshape(-1, 5, 2)
        chips = self.copies.cut(chip_maps(points, side, padding, template), side)
        return np.ascontiguousarray(chips[:, :, ::-1]) if mirrored else chips
