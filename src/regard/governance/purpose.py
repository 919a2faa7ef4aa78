"""What a collection is for, and what follows from it.

AWS recommends a similarity threshold of 99 % wherever a match may touch civil rights. Here a purpose that
does so enforces it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from regard.errors import AccessDeniedException, InvalidParameterException

TAG = "regard:purpose"
CONSENT_TAG = "regard:consent"
RETENTION_TAG = "regard:retention-days"
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

# Purposes under which somebody answers for each search, on a case, and people review what it finds.
_STRICT = ("law-enforcement", "missing-person")  # the stricter first
# Purposes under which no threshold is lower than a floor.
_FLOORED = {"access-control", "law-enforcement"}
_FLOOR = 99.0
_DEFAULT = 80.0  # Rekognition's, where no purpose asks for more
_CURATION = 75.0

RATE_TAG = "regard:looks"
PLACE_TAG = "regard:place"
STREAM_TAGS = (RATE_TAG, PLACE_TAG)
"""Tags of stream processors: how many samples a second are analysed, and where the camera is."""

NONE_TAG = "regard:none"
"""Tag of a project: the label that stands for none of the others, which is learnt and never answered."""

_OWN_TAGS = (TAG, CONSENT_TAG, RETENTION_TAG)
_RESEMBLED = ("regardpurpose", "regardconsent", "regardretentiondays", "regardlooks", "regardplace")
_DAYS = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """How alike two faces must be to match, in percent, for one operation.

    `parameter` is the member of the request that says so; where requests have none, `setting` names the
    setting that does. `within` are the structures around the parameter; a request without them matches
    nothing. Where there is neither parameter nor setting, it is what an earlier request has said. `default`
    applies where nothing says it, `floor` is the minimum under a strict purpose; what is below `raised_to`
    becomes that.
    """

    parameter: str | None = None
    setting: str | None = None
    within: tuple[str, ...] = ()
    default: float = _DEFAULT
    floor: float = _FLOOR
    raised_to: float = 0.0

    def applied(self, requested: float | None, purpose: str, *, raised: bool = False) -> float:
        """The threshold that applies to a request that names `requested`, or none, under a purpose.

        One below the floor raises InvalidParameterException or, where it was admitted under another purpose
        or is a setting's (`raised`), becomes the floor.
        """
        strict = purpose in _FLOORED
        if requested is None:
            return max(self.floor, self.default) if strict else self.default
        if strict and requested < self.floor:
            if raised or self.parameter is None:
                return self.floor
            raise InvalidParameterException(
                f"{self.parameter} must be at least {self.floor} for the purpose {purpose}; "
                f"it was {requested}."
            )
        return max(requested, self.raised_to)


FACE_MATCH = Threshold(parameter="FaceMatchThreshold")
USER_MATCH = Threshold(parameter="UserMatchThreshold")
SIMILARITY = Threshold(parameter="SimilarityThreshold")
NEW_STREAM_MATCH = Threshold(
    parameter="FaceMatchThreshold", within=("Settings", "FaceSearch"), raised_to=_DEFAULT
)
STREAM_MATCH = Threshold(raised_to=_DEFAULT)
CELEBRITY = Threshold(setting="celebrity_similarity")
# A face that joins a user is compared to keep strangers out of it; nobody is found by that. At 99 % half of
# a person's own photos would stay outside, and the person be found the worse: the floor is Rekognition's
# default.
JOINING = Threshold(parameter="UserMatchThreshold", default=_CURATION, floor=_CURATION)


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


def strict_of(*purposes: str) -> str | None:
    """The strict purpose among those that a request falls under, None where there is none.

    Strict are those under which somebody answers for each search: `law-enforcement` and `missing-person`.
    """
    return next((strict for strict in _STRICT if strict in purposes), None)


def check_tags(tags: Mapping[str, str]) -> None:
    """Raises InvalidParameterException for a tag that resembles a rule of Regard's and is none.

    `Regard:Purpose` would promise what nothing enforces. Every other key is the client's own.
    """
    for key, value in tags.items():
        plain = key.strip().casefold()
        meant = plain.startswith("regard:") or "".join(filter(str.isalnum, plain)) in _RESEMBLED
        if meant and key not in (*_OWN_TAGS, *STREAM_TAGS, NONE_TAG):
            known = ", ".join((*_OWN_TAGS, *STREAM_TAGS, NONE_TAG))
            raise InvalidParameterException(f"The only tags of Regard's own are {known}, not {key[:64]!r}.")
        if key == CONSENT_TAG and value != "required":
            raise InvalidParameterException(
                f"The tag {CONSENT_TAG} must be required, or not be there, not {value[:64]!r}."
            )
        if key == RETENTION_TAG and not _DAYS.fullmatch(value):
            raise InvalidParameterException(
                f"The tag {RETENTION_TAG} must be a number of days, 1 to 99999, not {value[:64]!r}."
            )


def check_change(old: str, new: str, *, may_lower: bool) -> None:
    """A purpose may be raised; lowering it takes a right of its own. Raises AccessDeniedException."""
    if _STRICTNESS[new] < _STRICTNESS[old] and not may_lower:
        raise AccessDeniedException(
            f"The purpose {old} can't be lowered to {new} by this key; ask an administrator."
        )


def floor_of(purpose: str) -> float | None:
    """The lowest similarity, in percent, of a match that anybody is shown; None where there is no floor."""
    return _FLOOR if purpose in _FLOORED else None
