"""How a face would be described: judgements with the probability that they are right."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.face import Pose


class Gender(Enum):
    """How a face would be read by most; who a person is, a picture can't tell."""

    FEMALE = "female"
    MALE = "male"


class Emotion(Enum):
    """What an expression would be called by most; it is not a feeling."""

    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    CONFUSED = "confused"
    DISGUSTED = "disgusted"
    SURPRISED = "surprised"
    CALM = "calm"
    FEAR = "fear"


@dataclass(frozen=True, slots=True)
class Judgement:
    """Yes or no, and how sure: `confidence` is the probability in percent that it is right, 50 to 100."""

    value: bool
    confidence: float


@dataclass(frozen=True, slots=True)
class Gaze:
    """The gaze's direction, in degrees; yaw and pitch have the signs of `Pose`. `confidence`: 0 to 100."""

    yaw: float
    pitch: float
    confidence: float


@dataclass(frozen=True, eq=False, slots=True)
class Attributes:
    """What can be said of one face beyond where it is.

    `pose`: more exact than that of the face, since the mesh has a say in it.
    `age`: years, the best single estimate; the person is between `age_low` and `age_high` in about four of
    five cases. `gender_confidence`: the probability in percent that most would read the face so, 50 to 100.
    `emotions`: each emotion's probability in percent, most likely first; they add up to 100.
    `mesh`: (478, 3) float32; x and y in pixels of the upright picture, z in the same unit, growing away from
    the camera; 468 points of the face, then five of either iris.
    """

    pose: Pose
    age: float
    age_low: int
    age_high: int
    gender: Gender
    gender_confidence: float
    emotions: tuple[tuple[Emotion, float], ...]
    smile: Judgement
    eyes_open: Judgement
    mouth_open: Judgement
    eyeglasses: Judgement
    sunglasses: Judgement
    beard: Judgement
    mustache: Judgement
    occluded: Judgement
    gaze: Gaze
    mesh: NDArray[np.float32]
