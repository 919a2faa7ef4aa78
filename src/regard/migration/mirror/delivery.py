"""What an answer of the other service says of a change that was to be made there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from regard.migration.overlap import same_boxes
from regard.migration.shadow.comparing.faces import box_of

DELIVERED: Final = "delivered"
IN_PART: Final = "in part"
_REFUSED: Final = (
    "UnsuccessfulFaceDeletions",
    "UnsuccessfulFaceAssociations",
    "UnsuccessfulFaceDisassociations",
)
_GONE: Final = "FACE_NOT_FOUND"
_FEWER, _MORE, _UNREADABLE = "fewer faces there", "more faces there", "an answer that can't be read"


@dataclass(frozen=True, slots=True)
class MirrorDelivery:
    """`outcome` is `DELIVERED`, or `IN_PART` with why; `faces` has FaceIds there by those here that the
    change has settled, None for none there.
    """

    outcome: str
    faces: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(
        cls, here: Mapping[str, Any], there: Mapping[str, Any], named: Mapping[str, str]
    ) -> MirrorDelivery:
        """Of both answers; `named` are FaceIds here by those there of the faces that the request named."""
        try:
            faces = {**paired(here, there), **_deleted(there, named)}
            reasons = _reasons(here, there)
        except (AttributeError, KeyError, TypeError):
            return cls(f"{IN_PART}: {_UNREADABLE}", paired(here, {}))
        return cls(f"{IN_PART}: {', '.join(reasons)}" if reasons else DELIVERED, faces)

    def lacking_faces(self) -> MirrorDelivery:
        """The same of a request some of whose faces aren't there."""
        if self.outcome == DELIVERED:
            return replace(self, outcome=f"{IN_PART}: {_FEWER}")
        return self if _FEWER in self.outcome else replace(self, outcome=f"{self.outcome}, {_FEWER}")


def paired(here: Mapping[str, Any], there: Mapping[str, Any]) -> dict[str, str | None]:
    """FaceIds there by those here, of faces that were enrolled on both sides, by their boxes."""
    own, theirs = _enrolled(here), _enrolled(there)
    found: dict[str, str | None] = dict.fromkeys((face["FaceId"] for face in own), None)
    for row, column, _ in same_boxes([box_of(face) for face in own], [box_of(face) for face in theirs]):
        found[own[row]["FaceId"]] = theirs[column]["FaceId"]
    return found


def held_by_users(there: Mapping[str, Any]) -> dict[str, list[str]]:
    """FaceIds that DeleteFaces didn't erase since a user holds them, by the user."""
    found: dict[str, list[str]] = {}
    for one in there.get("UnsuccessfulFaceDeletions", ()):
        if one.get("UserId"):
            found.setdefault(one["UserId"], []).append(one["FaceId"])
    return found


def _enrolled(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [record["Face"] for record in answer.get("FaceRecords", ())]


def _deleted(there: Mapping[str, Any], named: Mapping[str, str]) -> dict[str, None]:
    """The faces here that DeleteFaces has left none of there."""
    refused = there.get("UnsuccessfulFaceDeletions", ())
    gone = [one["FaceId"] for one in refused if _GONE in one.get("Reasons", ())]
    return {named[face]: None for face in [*there.get("DeletedFaces", ()), *gone] if face in named}


def _reasons(here: Mapping[str, Any], there: Mapping[str, Any]) -> Sequence[str]:
    found = [
        reason for name in _REFUSED for one in there.get(name, ()) for reason in one.get("Reasons") or [name]
    ]
    pairs = paired(here, there)
    if None in pairs.values():
        left = [reason for one in there.get("UnindexedFaces", ()) for reason in one.get("Reasons", ())]
        found += [_FEWER, *left]
    if len(_enrolled(there)) > sum(face is not None for face in pairs.values()):
        found.append(_MORE)
    return sorted(set(found))
