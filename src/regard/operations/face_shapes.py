"""Faces as Rekognition writes them: boxes and points as fractions of the picture's width and height."""

from __future__ import annotations

from typing import Any

from regard.collections.records import FaceBox, StoredFace
from regard.vision.faces import Face
from regard.vision.image import Image
from regard.vision.quality import Flaw

# In the order that Rekognition lists them; the numbers are the places in Face.landmarks.
_LANDMARKS = (("eyeLeft", 0), ("eyeRight", 1), ("mouthLeft", 3), ("mouthRight", 4), ("nose", 2))

REASONS = {
    Flaw.POSE: "EXTREME_POSE",
    Flaw.DARK: "LOW_BRIGHTNESS",
    Flaw.BLUR: "LOW_SHARPNESS",
    Flaw.LOW_CONFIDENCE: "LOW_CONFIDENCE",
    Flaw.SMALL: "SMALL_BOUNDING_BOX",
}


def face_box(face: Face, image: Image) -> FaceBox:
    return FaceBox(
        left=face.box.left / image.width,
        top=face.box.top / image.height,
        width=face.box.width / image.width,
        height=face.box.height / image.height,
    )


def bounding_box(box: FaceBox) -> dict[str, float]:
    return {"Width": box.width, "Height": box.height, "Left": box.left, "Top": box.top}


def face_detail(face: Face, image: Image) -> dict[str, Any]:
    """FaceDetail and ComparedFace with the DEFAULT attributes."""
    return {
        "BoundingBox": bounding_box(face_box(face, image)),
        "Landmarks": [
            {
                "Type": name,
                "X": float(face.landmarks[place, 0]) / image.width,
                "Y": float(face.landmarks[place, 1]) / image.height,
            }
            for name, place in _LANDMARKS
        ],
        "Pose": {"Roll": face.pose.roll, "Yaw": face.pose.yaw, "Pitch": face.pose.pitch},
        "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
        "Confidence": face.confidence,
    }


def stored_face(face: StoredFace, face_model_version: str) -> dict[str, Any]:
    """A collection's Face."""
    return {
        "FaceId": face.face_id,
        "BoundingBox": bounding_box(face.box),
        "ImageId": face.image_id,
        "ExternalImageId": face.external_image_id or None,
        "Confidence": face.confidence,
        "IndexFacesModelVersion": face_model_version,
        "UserId": face.user_id,
    }
