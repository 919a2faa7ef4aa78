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

# Purposes under which no threshold is lower than a floor: that of a search, or of giving a face to a user.
_STRICT = {"access-control", "law-enforcement"}
_FLOOR = 99.0
_DEFAULT = 80.0  # Rekognition's, where no purpose asks for more

# A face that joins a user is compared to keep strangers out of it; nobody is found by that. At 99 % half of
# a person's own photos would stay outside, and the person be found the worse: the floor is Rekognition's
# default.
_CURATION = {"associate_faces"}
_CURATION_FLOOR = _CURATION_DEFAULT = 75.0

# Operations that match faces, and the parameter that says how alike two must be.
_THRESHOLDS = {
    "associate_faces": "UserMatchThreshold",
    "compare_faces": "SimilarityThreshold",
    "search_faces": "FaceMatchThreshold",
    "search_faces_by_image": "FaceMatchThreshold",
    "search_users": "UserMatchThreshold",
    "search_users_by_image": "UserMatchThreshold",
    "start_face_search": "FaceMatchThreshold",
}


# Operations that match faces by a threshold of the installation's, since their requests have none.
_SETTLED = {"recognize_celebrities", "start_celebrity_recognition"}


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


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException for a tag that looks like a rule of Regard's and is none.

    `Regard:Purpose` would promise what nothing enforces. Every other key is the client's own.
    """
    for key in tags:
        plain = key.strip().casefold()
        meant = plain.startswith("regard:") or "".join(filter(str.isalnum, plain)) == "regardpurpose"
        if meant and key != TAG:
            raise InvalidParameterException(f"The only tag of Regard's own is {TAG}, not {key[:64]!r}.")


def check_change(old: str, new: str, *, admin: bool) -> None:
    """A purpose may be raised; lowering it takes an admin. Raises AccessDeniedException."""
    if _STRICTNESS[new] < _STRICTNESS[old] and not admin:
        raise AccessDeniedException(
            f"The purpose {old} can't be lowered to {new} by this key; ask an administrator."
        )


def floor_of(purpose: str) -> float | None:
    """The least similarity, in percent, of a match that anybody is shown; None where there is no floor."""
    return _FLOOR if purpose in _STRICT else None


def with_threshold(
    operation: str, request: Mapping[str, Any], purpose: str, *, raised: bool = False
) -> dict[str, Any]:
    """The request with the threshold that applies to it.

    A missing threshold becomes the purpose's floor, or Rekognition's default where there is none; one below
    the floor raises InvalidParameterException or, where it was admitted under another purpose (`raised`),
    becomes the floor. A request that matches no faces comes back as it was.
    """
    parameter = _THRESHOLDS.get(operation)
    if parameter is None:
        return dict(request)
    curation = operation in _CURATION
    floor, default = (_CURATION_FLOOR, _CURATION_DEFAULT) if curation else (_FLOOR, _DEFAULT)
    strict = purpose in _STRICT
    threshold = request.get(parameter)
    if threshold is None:
        threshold = max(floor, default) if strict else default
    if strict and raised:
        threshold = max(threshold, floor)
    if strict and threshold < floor:
        raise InvalidParameterException(
            f"{parameter} must be at least {floor} for the purpose {purpose}; it was {threshold}."
        )
    return {**request, parameter: threshold}


def settled_threshold(operation: str, setting: float, purpose: str) -> float | None:
    """The threshold, in percent, where requests name none: the setting, or the purpose's floor if higher.

    None for every other operation.
    """
    if operation not in _SETTLED:
        return None
    return max(setting, _FLOOR) if purpose in _STRICT else setting


def threshold_of(operation: str, request: Mapping[str, Any]) -> float | None:
    """The threshold that applies to a matching request, for the audit record."""
    parameter = _THRESHOLDS.get(operation)
    return None if parameter is None else request.get(parameter)
