"""Faces of two DetectFaces answers, paired by their boxes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from regard.migration.overlap import same_boxes
from regard.vision.geometry import Box

_ANGLES = ("Roll", "Yaw", "Pitch")


def compare_faces(
    _asked: Mapping[str, Any], here: Mapping[str, Any], there: Mapping[str, Any]
) -> dict[str, Any]:
    """How many each found, and of each pair what differs.

    `landmarks` is the mean distance of landmarks in parts of the distance of the eyes there, all as
    fractions of the picture's sides; `pose` are absolute differences in degrees; `age` is the intersection
    of the two age ranges over their union; `gender` and `emotion` say whether both name the same.
    """
    own, theirs = here.get("FaceDetails", []), there.get("FaceDetails", [])
    found = same_boxes([box_of(face) for face in own], [box_of(face) for face in theirs])
    pairs = [{"iou": shared, **_differences(own[row], theirs[column])} for row, column, shared in found]
    many = max(len(own), len(theirs))
    return {
        "here": len(own),
        "there": len(theirs),
        "pairs": pairs,
        "differs": 1 - len(pairs) / many if many else 0.0,
    }


def box_of(face: Mapping[str, Any]) -> Box:
    """The BoundingBox of a structure."""
    box = face["BoundingBox"]
    return Box(box["Left"], box["Top"], box["Width"], box["Height"])


def _differences(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    landmarks = _landmarks(own, theirs)
    if landmarks is not None:
        found["landmarks"] = landmarks
    if "Pose" in own and "Pose" in theirs:
        found["pose"] = [abs(own["Pose"][angle] - theirs["Pose"][angle]) for angle in _ANGLES]
    if "AgeRange" in own and "AgeRange" in theirs:
        found["age"] = _overlap(own["AgeRange"], theirs["AgeRange"])
    if "Gender" in own and "Gender" in theirs:
        found["gender"] = own["Gender"]["Value"] == theirs["Gender"]["Value"]
    if own.get("Emotions") and theirs.get("Emotions"):
        found["emotion"] = _strongest(own) == _strongest(theirs)
    return found


def _landmarks(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> float | None:
    one, other = _points(own), _points(theirs)
    shared = one.keys() & other.keys()
    if not {"eyeLeft", "eyeRight"} <= shared:
        return None
    eyes = math.dist(other["eyeLeft"], other["eyeRight"])
    if not eyes:
        return None
    return sum(math.dist(one[name], other[name]) for name in shared) / len(shared) / eyes


def _points(face: Mapping[str, Any]) -> dict[str, tuple[float, float]]:
    return {point["Type"]: (point["X"], point["Y"]) for point in face.get("Landmarks", ())}


def _overlap(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    shared = min(one["High"], other["High"]) - max(one["Low"], other["Low"])
    whole = max(one["High"], other["High"]) - min(one["Low"], other["Low"])
    return max(shared, 0) / whole if whole else 1.0


def _strongest(face: Mapping[str, Any]) -> str:
    return str(max(face["Emotions"], key=lambda one: one["Confidence"])["Type"])
