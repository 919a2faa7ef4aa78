"""Where the head and the hands of a person are, and how sure that is: from the face and the key points."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces import Face
from regard.vision.geometry import Box
from regard.vision.pixels import Floats
from regard.vision.protective.pose import Point

Vector = NDArray[np.float64]  # (2,)

_SEEN = 0.15  # score of a key point that counts as seen
_HEAD_POINTS = (Point.NOSE, Point.LEFT_EYE, Point.RIGHT_EYE, Point.LEFT_EAR, Point.RIGHT_EAR)

# In heights of a face, chin to hairline: from ear to ear; from the ears' height to between the shoulders;
# from shoulder to shoulder. Of a turned head or body only one of them isn't foreshortened.
_EARS, _NECK, _SHOULDERS = 0.85, 1.15, 1.9
_STANDING, _BROAD = 0.12, 0.5  # of a body's height and width: its face's height
_HAND = 0.45  # of the forearm that the middle of the hand lies behind the wrist
_HAND_SIDE = 1.3  # faces: the square about a hand


class PartName(Enum):
    FACE = "face"
    HEAD = "head"
    LEFT_HAND = "left hand"
    RIGHT_HAND = "right hand"


@dataclass(frozen=True, eq=False, slots=True)
class PartSquare:
    """A square about a part: `middle` (2,) and `side`, px of the upright picture; `up` (2,) is the direction,
    of unit length, in which the person stands.
    """

    middle: Vector
    side: float
    up: Vector

    def map(self, side: int, *, scale: float = 1.0, lift: float = 0.0) -> NDArray[np.float64]:
        """The map (2, 3) from pixels of an upright chip of `side`² to those of the picture, for a square
        `scale` times as large whose middle is raised by `lift` of this one's side.
        """
        step = scale * self.side / side
        right = np.array([-self.up[1], self.up[0]])
        linear = step * np.column_stack([right, -self.up])
        middle = self.middle + lift * self.side * self.up
        return np.column_stack([linear, middle - linear @ np.full(2, (side - 1) / 2)])


def head_of_face(face: Face) -> PartSquare:
    """The square about a face: its middle lies between eyes and mouth; the side is the face's height."""
    points = face.landmarks.astype(np.float64)
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    across = points[1] - points[0]
    # Upright by the eyes, and by the mouth where the eyes, in profile, lie too close to tell.
    up = np.array([across[1], -across[0]]) + (eyes - mouth)
    box = face.box
    return PartSquare((eyes + mouth) / 2, max(box.width, box.height), _unit(up))


def head_of_pose(points: Floats) -> PartSquare | None:
    """The same from key points (17, 3); None where neither head nor shoulders are seen."""
    places, scores = points[:, :2].astype(np.float64), points[:, 2]
    own = [point for point in _HEAD_POINTS if scores[point] >= _SEEN]
    if not own:
        return None
    weights = scores[own].astype(np.float64)
    middle = weights @ places[own] / weights.sum()
    shoulders = (Point.LEFT_SHOULDER, Point.RIGHT_SHOULDER)
    sides, up = [], np.array([0.0, -1.0])
    if min(scores[list(shoulders)]) >= _SEEN:
        neck = places[list(shoulders)].mean(0)
        up = middle - neck
        sides.append(float(np.linalg.norm(up)) / _NECK)
        sides.append(float(np.linalg.norm(np.subtract(*places[list(shoulders)]))) / _SHOULDERS)
    if min(scores[Point.LEFT_EAR], scores[Point.RIGHT_EAR]) >= _SEEN:
        ears = places[Point.LEFT_EAR] - places[Point.RIGHT_EAR]
        sides.append(float(np.linalg.norm(ears)) / _EARS)
    if not sides or max(sides) < 4:
        return None
    return PartSquare(middle, max(sides), _unit(up))


def head_of_body(box: Box) -> PartSquare:
    """The same by the body's box alone: high in the middle, as of somebody who stands."""
    side = min(_STANDING * box.height, _BROAD * box.width)
    middle = np.array([box.left + box.width / 2, box.top + 0.6 * side]) - 0.5
    return PartSquare(middle, side, np.array([0.0, -1.0]))


def hand_of_pose(points: Floats, side: str, face: float) -> PartSquare | None:
    """The square about the hand of a `side`, left or right, of who has a `face` of that height, px; None
    where no wrist is seen.
    """
    wrist, elbow = (Point[f"{side.upper()}_{joint}"] for joint in ("WRIST", "ELBOW"))
    if points[wrist, 2] < _SEEN:
        return None
    place = points[wrist, :2].astype(np.float64)
    along = place - points[elbow, :2] if points[elbow, 2] >= _SEEN else np.zeros(2)
    length = float(np.linalg.norm(along))
    if length > 2.5 * face:  # longer than a forearm is: the elbow is somebody else's
        along *= 2.5 * face / length
    up = _unit(along) if length > 0.2 * face else np.array([0.0, -1.0])
    return PartSquare(place + _HAND * along, _HAND_SIDE * face, up)


def _unit(vector: Vector) -> Vector:
    length = float(np.linalg.norm(vector))
    return vector / length if length > 1e-6 else np.array([0.0, -1.0])
