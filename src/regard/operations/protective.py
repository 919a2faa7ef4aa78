"""DetectProtectiveEquipment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.vision.faces.face import Box
from regard.vision.image import Image
from regard.vision.protective import BodyPart, Cover, Equipment, EquippedPerson, PartName

_LEAST_SIDE, _MOST_SIDE = 64, 4096  # px
_MOST_BYTES = 4 * 1024 * 1024  # of a picture that the request itself holds

_PARTS = {
    PartName.FACE: "FACE",
    PartName.HEAD: "HEAD",
    PartName.LEFT_HAND: "LEFT_HAND",
    PartName.RIGHT_HAND: "RIGHT_HAND",
}
_TYPES = {Cover.FACE: "FACE_COVER", Cover.HEAD: "HEAD_COVER", Cover.HAND: "HAND_COVER"}
_WORN_ON = {
    "FACE_COVER": (PartName.FACE,),
    "HEAD_COVER": (PartName.HEAD,),
    "HAND_COVER": (PartName.LEFT_HAND, PartName.RIGHT_HAND),
}


def detect_protective_equipment(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people of a picture with heads, faces and hands, and the masks, helmets and gloves on them."""
    picture = load_picture(
        ctx, request["Image"], min_side=_LEAST_SIDE, max_side=_MOST_SIDE, most_bytes=_MOST_BYTES
    )
    people = picture.equipped_persons()
    answer: dict[str, Any] = {
        "ProtectiveEquipmentModelVersion": ctx.models.protective.version,
        "Persons": [_person(number, person, picture.image) for number, person in enumerate(people)],
    }
    wanted = request.get("SummarizationAttributes")
    if wanted is not None:
        answer["Summary"] = summary(people, wanted["RequiredEquipmentTypes"], wanted["MinConfidence"])
    return answer


def summary(people: Sequence[EquippedPerson], types: Sequence[str], least: float) -> dict[str, list[int]]:
    """Who wears all of `types`, who lacks one, and of whom neither can be said, by their places.

    What is not at least `least` percent sure doesn't count: a part that is less sure is not seen, and a piece
    that is less sure is neither worn nor missing.
    """
    answer: dict[str, list[int]] = {
        "PersonsWithRequiredEquipment": [],
        "PersonsWithoutRequiredEquipment": [],
        "PersonsIndeterminate": [],
    }
    for number, person in enumerate(people):
        worn = [_wears(person, kind, least) for kind in types]
        if person.confidence < least:
            name = "PersonsIndeterminate"
        elif False in worn:
            name = "PersonsWithoutRequiredEquipment"
        else:
            name = "PersonsIndeterminate" if None in worn else "PersonsWithRequiredEquipment"
        answer[name].append(number)
    return answer


def _wears(person: EquippedPerson, kind: str, least: float) -> bool | None:
    """Whether every part that is seen, of those that `kind` is worn on, is covered; None where that can't be
    told.
    """
    covered = [
        _covered(part, least)
        for part in person.parts
        if part.name in _WORN_ON[kind] and part.confidence >= least
    ]
    if False in covered:
        return False
    return True if covered and None not in covered else None


def _covered(part: BodyPart, least: float) -> bool | None:
    for piece in part.equipment:
        sure = min(piece.confidence, piece.covers_confidence) >= least
        return piece.covers if sure else None
    return False if part.bare >= least else None


def _person(number: int, person: EquippedPerson, image: Image) -> dict[str, Any]:
    return {
        "BodyParts": [_part(part, image) for part in person.parts],
        "BoundingBox": _box(person.box, image),
        "Confidence": person.confidence,
        "Id": number,
    }


def _part(part: BodyPart, image: Image) -> dict[str, Any]:
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
    """As shares of the picture's sides; what lies outside of it is cut off."""
    left, top = max(0.0, box.left) / image.width, max(0.0, box.top) / image.height
    right = min(box.left + box.width, image.width) / image.width
    bottom = min(box.top + box.height, image.height) / image.height
    return {"Width": max(0.0, right - left), "Height": max(0.0, bottom - top), "Left": left, "Top": top}


OPERATIONS = (
    Operation(
        name="DetectProtectiveEquipment",
        run=detect_protective_equipment,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        bills=Bill.IMAGE_2,
    ),
)
