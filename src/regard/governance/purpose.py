"""What a collection is for, and what follows from it.

AWS recommends a similarity threshold of 99 % wherever a match may touch civil rights. Here a purpose that
does so enforces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from regard.errors import AccessDeniedException, InvalidParameterException

TAG = "regard:purpose"
GENERAL = "general"

# The stricter, the higher. Media and research carry no rule of their own yet, so that they are equals.
_STRICTNESS = {
    GENERAL: 0,
    "media": 1,
    "research": 1,
    "missing-person": 2,
    "access-control": 3,
    "law-enforcement": 4,
}
PURPOSES = tuple(_STRICTNESS)

_FLOORS = {"access-control": 99.0, "law-enforcement": 99.0}

# Operations that match faces, and the parameter that says how alike two must be.
_THRESHOLDS = {
    "compare_faces": "SimilarityThreshold",
    "search_faces": "FaceMatchThreshold",
    "search_faces_by_image": "FaceMatchThreshold",
    "search_users": "UserMatchThreshold",
    "search_users_by_image": "UserMatchThreshold",
    "start_face_search": "FaceMatchThreshold",
}


def parse(value: str) -> str:
    """A purpose by its name. Raises InvalidParameterException for any other text."""
    if value not in _STRICTNESS:
        raise InvalidParameterException(
            f"The tag {TAG} must be one of {', '.join(PURPOSES)}, not {value[:64]!r}."
        )
    return value


def stricter(one: str, other: str) -> str:
    """The purpose with the stricter rules of the two."""
    return max(one, other, key=_STRICTNESS.__getitem__)


def check_change(old: str, new: str, *, admin: bool) -> None:
    """A purpose may be raised; lowering it takes an admin. Raises AccessDeniedException."""
    if _STRICTNESS[new] < _STRICTNESS[old] and not admin:
        raise AccessDeniedException(
            f"The purpose {old} can't be lowered to {new} by this key; ask an administrator."
        )


def with_threshold(operation: str, request: Mapping[str, Any], purpose: str) -> dict[str, Any]:
    """The request with the threshold that its purpose demands.

    Where the purpose has a floor, a missing threshold becomes the floor, and one below it raises
    InvalidParameterException. Every other request comes back as it was.
    """
    parameter = _THRESHOLDS.get(operation)
    floor = _FLOORS.get(purpose)
    if parameter is None or floor is None:
        return dict(request)
    threshold = request.get(parameter)
    if threshold is not None and threshold < floor:
        raise InvalidParameterException(
            f"{parameter} must be at least {floor:g} for the purpose {purpose}; it was {threshold:g}."
        )
    return {**request, parameter: floor if threshold is None else threshold}


def threshold_of(operation: str, request: Mapping[str, Any]) -> float | None:
    """The threshold that a matching request names, for the audit record."""
    parameter = _THRESHOLDS.get(operation)
    return None if parameter is None else request.get(parameter)
