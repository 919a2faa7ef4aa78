"""Attributes of faces as Rekognition names and writes them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from regard.vision.faces import Face
from regard.vision.faces.attributes import Attributes, Emotion, Gender, Judgement
from regard.vision.image import Image

DEFAULT, ALL = "DEFAULT", "ALL"
_GENDERS = {Gender.FEMALE: "Female", Gender.MALE: "Male"}
_EMOTIONS = {emotion: emotion.name for emotion in Emotion}

# Names of the API's Attribute, the FaceDetail's key, and how it is written. "Left" is the picture's left.
_WRITERS: Mapping[str, tuple[str, Callable[[Attributes], Any]]] = {
    "AGE_RANGE": ("AgeRange", lambda a: {"Low": a.age_low, "High": a.age_high}),
    "BEARD": ("Beard", lambda a: _judgement(a.beard)),
    "EMOTIONS": (
        "Emotions",
        lambda a: [{"Type": _EMOTIONS[emotion], "Confidence": percent} for emotion, percent in a.emotions],
    ),
    "EYE_DIRECTION": (
        "EyeDirection",
        lambda a: {"Yaw": a.gaze.yaw, "Pitch": a.gaze.pitch, "Confidence": a.gaze.confidence},
    ),
    "EYEGLASSES": ("Eyeglasses", lambda a: _judgement(a.eyeglasses)),
    "EYES_OPEN": ("EyesOpen", lambda a: _judgement(a.eyes_open)),
    "FACE_OCCLUDED": ("FaceOccluded", lambda a: _judgement(a.occluded)),
    "GENDER": ("Gender", lambda a: {"Value": _GENDERS[a.gender], "Confidence": a.gender_confidence}),
    "MOUTH_OPEN": ("MouthOpen", lambda a: _judgement(a.mouth_open)),
    "MUSTACHE": ("Mustache", lambda a: _judgement(a.mustache)),
    "SMILE": ("Smile", lambda a: _judgement(a.smile)),
    "SUNGLASSES": ("Sunglasses", lambda a: _judgement(a.sunglasses)),
}

# The five that are always given, by their places in Face.landmarks.
FIVE = (("eyeLeft", 0), ("eyeRight", 1), ("mouthLeft", 3), ("mouthRight", 4), ("nose", 2))

# Means of points of the mesh, in MediaPipe's numbering. Of the five, four are more exact so; but of a face
# that is turned away the mesh guesses the far side, and only the others are taken from it.
BETTER: Mapping[str, tuple[int, ...]] = {
    "eyeLeft": (33, 133, 159, 145),
    "eyeRight": (263, 362, 386, 374),
    "mouthLeft": (61,),
    "mouthRight": (291,),
}
TURNED = 40.0  # degrees of yaw
MESH_LANDMARKS: Mapping[str, tuple[int, ...]] = {
    "leftEyeBrowLeft": (70, 46),
    "leftEyeBrowRight": (107, 55),
    "leftEyeBrowUp": (105,),
    "rightEyeBrowLeft": (336, 285),
    "rightEyeBrowRight": (300, 276),
    "rightEyeBrowUp": (334,),
    "leftEyeLeft": (33,),
    "leftEyeRight": (133,),
    "leftEyeUp": (159,),
    "leftEyeDown": (145,),
    "rightEyeLeft": (362,),
    "rightEyeRight": (263,),
    "rightEyeUp": (386,),
    "rightEyeDown": (374,),
    "noseLeft": (98,),
    "noseRight": (327,),
    "mouthUp": (0,),
    "mouthDown": (17,),
    "leftPupil": (473,),
    "rightPupil": (468,),
    "upperJawlineLeft": (127,),
    "midJawlineLeft": (172,),
    "chinBottom": (152,),
    "midJawlineRight": (397,),
    "upperJawlineRight": (356,),
}


def wanted(names: Sequence[str] | None) -> frozenset[str]:
    """The attributes that a request asks for beyond the default ones, by the API's names."""
    asked = set(names or ())
    return frozenset(_WRITERS if ALL in asked else asked - {DEFAULT})


def attribute_shapes(attributes: Attributes, names: frozenset[str]) -> dict[str, Any]:
    """The keys of a FaceDetail that `names` add."""
    return {key: write(attributes) for name, (key, write) in _WRITERS.items() if name in names}


def landmark_shapes(face: Face, image: Image, attributes: Attributes | None = None) -> list[dict[str, Any]]:
    """Five landmarks, or all thirty where the attributes are known."""
    points = {name: face.landmarks[place] for name, place in FIVE}
    if attributes is not None:
        mesh = attributes.mesh
        places_of = MESH_LANDMARKS if abs(attributes.pose.yaw) > TURNED else {**BETTER, **MESH_LANDMARKS}
        points |= {name: mesh[list(places), :2].mean(0) for name, places in places_of.items()}
    return [
        {"Type": name, "X": float(x) / image.width, "Y": float(y) / image.height}
        for name, (x, y) in ((name, np.asarray(point)) for name, point in points.items())
    ]


def _judgement(judgement: Judgement) -> dict[str, Any]:
    return {"Value": judgement.value, "Confidence": judgement.confidence}
