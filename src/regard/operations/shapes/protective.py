"""People, their parts and what protects them as Rekognition writes them."""

from __future__ import annotations

from typing import Any

from regard.operations.shapes.boxes import bounding_box_in
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.protective import Cover, Equipment, EquippedPart, EquippedPerson, PartName

_PARTS = {
    PartName.FACE: "FACE",
    PartName.HEAD: "HEAD",
    PartName.LEFT_HAND: "LEFT_HAND",
    PartName.RIGHT_HAND: "RIGHT_HAND",
}
_TYPES = {Cover.FACE: "FACE_COVER", Cover.HEAD: "HEAD_COVER", Cover.HAND: "HAND_COVER"}


def person_shape(number: int, person: EquippedPerson, image: Image) -> dict[str, Any]:
    """A ProtectiveEquipmentPerson. What of a box lies outside of the picture is cut off."""
    return {
        "BodyParts": [_part(part, image) for part in person.parts],
        "BoundingBox": _box(person.box, image),
        "Confidence": person.confidence,
        "Id": number,
    }


def _part(part: EquippedPart, image: Image) -> dict[str, Any]:
    return {
        "Name": _PARTS[part.name],
        "Confidence": part.confidence,
        "EquipmentDetections": [_piece(piece, image) for piece in part.equipment],
    }


def _piece(piece: Equipment, image: Image) -> dict[str, Any]:
    return {
        "BoundingBox": _box(piece.box, image),
        "Confidence": piece.confidence,
        "Type": _TYPES[piece.cover],
        "CoversBodyPart": {"Confidence": piece.covers_confidence, "Value": piece.covers},
    }


def _box(box: Box, image: Image) -> dict[str, float]:
    return bounding_box_in(image, box.clipped(image.width, image.height))
