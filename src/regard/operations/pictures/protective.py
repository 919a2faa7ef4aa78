"""DetectProtectiveEquipment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from regard.context import Context
from regard.governance.permissions import Permission
from regard.operations.inputs.images import load_picture
from regard.operations.operation import Area, Bill, Operation
from regard.operations.shapes.protective import person_shape
from regard.vision.protective import EquippedPart, EquippedPerson, PartName

_MIN_SIDE, _MAX_SIDE = 64, 4096  # px
_MAX_BYTES = 4 * 1024 * 1024  # of a picture that the request itself holds
_LOWEST_CONFIDENCE = 50.0  # %: what is less sure is no prediction, whatever a summary's MinConfidence says

_WORN_ON = {
    "FACE_COVER": (PartName.FACE,),
    "HEAD_COVER": (PartName.HEAD,),
    "HAND_COVER": (PartName.LEFT_HAND, PartName.RIGHT_HAND),
}


def detect_protective_equipment(ctx: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The people of a picture with heads, faces and hands, and the masks, helmets and gloves on them."""
    picture = load_picture(
        ctx, request["Image"], min_side=_MIN_SIDE, max_side=_MAX_SIDE, max_bytes=_MAX_BYTES
    )
    people = picture.equipped_persons()
    answer: dict[str, Any] = {
        "ProtectiveEquipmentModelVersion": ctx.models.protective.version,
        "Persons": [person_shape(number, person, picture.image) for number, person in enumerate(people)],
    }
    wanted = request.get("SummarizationAttributes")
    if wanted is not None:
        answer["Summary"] = summary(people, wanted["RequiredEquipmentTypes"], wanted["MinConfidence"])
    return answer


def summary(
    people: Sequence[EquippedPerson], types: Sequence[str], min_confidence: float
) -> dict[str, list[int]]:
    """Who wears all of `types`, who lacks one, and of whom neither can be said, by their places.

    What is not at least `min_confidence` percent sure doesn't count: a part that is less sure is not seen,
    and a piece that is less sure is neither worn nor missing. Below 50 it is the same as 50, as at Amazon.
    """
    min_confidence = max(min_confidence, _LOWEST_CONFIDENCE)
    answer: dict[str, list[int]] = {
        "PersonsWithRequiredEquipment": [],
        "PersonsWithoutRequiredEquipment": [],
        "PersonsIndeterminate": [],
    }
    for number, person in enumerate(people):
        worn = [_wears(person, kind, min_confidence) for kind in types]
        if person.confidence < min_confidence:
            name = "PersonsIndeterminate"
        elif False in worn:
            name = "PersonsWithoutRequiredEquipment"
        else:
            name = "PersonsIndeterminate" if None in worn else "PersonsWithRequiredEquipment"
        answer[name].append(number)
    return answer


def _wears(person: EquippedPerson, kind: str, min_confidence: float) -> bool | None:
    """Whether every part that is seen, of those that `kind` is worn on, is covered; None where that can't be
    told.
    """
    covered = [
        _covered(part, min_confidence)
        for part in person.parts
        if part.name in _WORN_ON[kind] and part.confidence >= min_confidence
    ]
    if False in covered:
        return False
    return True if covered and None not in covered else None


def _covered(part: EquippedPart, min_confidence: float) -> bool | None:
    for piece in part.equipment:
        sure = min(piece.confidence, piece.covers_confidence) >= min_confidence
        return piece.covers if sure else None
    return False if part.bare >= min_confidence else None


OPERATIONS = (
    Operation(
        name="DetectProtectiveEquipment",
        run=detect_protective_equipment,
        area=Area.PICTURES,
        permission=Permission.ANALYZE,
        bills=Bill.IMAGE_2,
    ),
)
