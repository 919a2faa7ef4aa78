"""Which of a picture's faces are good enough, and which of those IndexFaces enrols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regard.operations.collections.consent import only_person
from regard.operations.shapes.faces import REASONS
from regard.vision.faces import Face
from regard.vision.quality import QualityBar, flaws

_BARS = {"AUTO": QualityBar.LOW, "LOW": QualityBar.LOW, "MEDIUM": QualityBar.MEDIUM, "HIGH": QualityBar.HIGH}


@dataclass(frozen=True, slots=True)
class ChosenFaces:
    """`kept` are enrolled; `surplus` would be, had as many been asked for; `refused` aren't good enough, each
    with Rekognition's reasons.
    """

    kept: Sequence[Face]
    surplus: Sequence[Face]
    refused: Sequence[tuple[Face, list[str]]]


@dataclass(frozen=True, slots=True)
class FaceChoice:
    """How faces are chosen: `quality` is a QualityFilter, `limit` how many are taken, the largest first, or
    None for all. `alone`: the face of the one person who has given their consent.
    """

    quality: str
    limit: int | None
    alone: bool

    @classmethod
    def of(cls, request: Mapping[str, Any], *, alone: bool) -> FaceChoice:
        """That of an IndexFaces request."""
        return cls(request.get("QualityFilter", "AUTO"), request.get("MaxFaces"), alone)

    def among(self, faces: Sequence[Face]) -> ChosenFaces:
        """`faces` are those of one picture, the largest first. Raises InvalidParameterException as
        `only_person` does.
        """
        accepted, refused = passing_quality(faces, self.quality)
        kept = only_person(faces, accepted) if self.alone else accepted[: self.limit]
        return ChosenFaces(kept, [face for face in accepted if face not in kept], refused)


def passing_quality(
    faces: Sequence[Face], quality_filter: str
) -> tuple[list[Face], list[tuple[Face, list[str]]]]:
    """Faces that pass a QualityFilter, and the others, each with Rekognition's reasons."""
    if quality_filter == "NONE":
        return list(faces), []
    accepted: list[Face] = []
    refused: list[tuple[Face, list[str]]] = []
    for face in faces:
        reasons = [REASONS[flaw] for flaw in flaws(face, bar=_BARS[quality_filter])]
        if reasons:
            refused.append((face, reasons))
        else:
            accepted.append(face)
    return accepted, refused
