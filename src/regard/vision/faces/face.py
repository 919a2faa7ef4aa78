"""What a detected face is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class Pose:
    """Rotation of the head, in degrees, −180 to 180, as `faces.pose` derives it."""

    roll: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the face is lit and focused, 0 to 100, as `vision.quality` measures it."""

    brightness: float
    sharpness: float


@dataclass(frozen=True, eq=False, slots=True)
class Face:
    """One face. `box` in pixels of the upright picture.

    `confidence`: 0 to 100, the probability in percent that this is a face.
    `landmarks`: (5, 2) float32, x and y in pixels of the upright picture: eye, eye, nose, mouth corner, mouth
    corner; of each pair first the one that is left in the picture when the face is turned upright.
    """

    box: Box
    confidence: float
    landmarks: NDArray[np.float32]
    pose: Pose
    quality: Quality
