"""Faces as Rekognition writes them: boxes and points as fractions of the picture's width and height."""

from __future__ import annotations

from typing import Any

from regard.collections.records import StoredFace
from regard.operations.shapes.boxes import bounding_box, bounding_box_in
from regard.operations.shapes.face_attributes import attribute_shapes, landmark_shapes
from regard.vision.faces import Face
from regard.vision.faces.attributes import Attributes
from regard.vision.image import Image
from regard.vision.quality import Flaw

REASONS = {
    Flaw.POSE: "EXTREME_POSE",
    Flaw.DARK: "LOW_BRIGHTNESS",
    Flaw.BLUR: "LOW_SHARPNESS",
    Flaw.LOW_CONFIDENCE: "LOW_CONFIDENCE",
    Flaw.SMALL: "SMALL_BOUNDING_BOX",
}


def face_detail(
    face: Face, image: Image, attributes: Attributes | None = None, names: frozenset[str] = frozenset()
) -> dict[str, Any]:
    """FaceDetail and ComparedFace: the DEFAULT attributes, and those that `names` adds."""
    pose = face.pose if attributes is None else attributes.pose
    return {
        "BoundingBox": bounding_box_in(image, face.box),
        "Landmarks": landmark_shapes(face, image, attributes),
        "Pose": {"Roll": pose.roll, "Yaw": pose.yaw, "Pitch": pose.pitch},
        "Quality": {"Brightness": face.quality.brightness, "Sharpness": face.quality.sharpness},
        "Confidence": face.confidence,
        **(attribute_shapes(attributes, names) if attributes else {}),
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
