"""What two answers name: labels, moderation labels, equipment, celebrities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Named = dict[str, float]
"""Confidence, in percent, by name."""


def compare_named(
    _asked: Mapping[str, Any], here: Mapping[str, Any], there: Mapping[str, Any]
) -> dict[str, Any]:
    """The Jaccard index of the names, and the same weighted by confidence: the sum of the lower of both
    confidences over the sum of the higher. `of` says which kind of names; those that one side alone has are
    kept, but of people.
    """
    member = next(name for name in NAMED if name in here or name in there)
    kind, read, keeps_names = NAMED[member]
    own, theirs = read(here), read(there)
    every, shared = own.keys() | theirs.keys(), own.keys() & theirs.keys()
    lower = sum(min(own[name], theirs[name]) for name in shared)
    higher = sum(max(own.get(name, 0.0), theirs.get(name, 0.0)) for name in every)
    weighted = lower / higher if higher else 1.0
    found: dict[str, Any] = {
        "of": kind,
        "jaccard": len(shared) / len(every) if every else 1.0,
        "weighted": weighted,
        "differs": 1 - weighted,
    }
    if keeps_names:
        found |= {"here": sorted(own.keys() - shared), "there": sorted(theirs.keys() - shared)}
        found["both"] = sorted(shared)
    return found


def named_labels(answer: Mapping[str, Any]) -> Named:
    """Labels, or moderation labels, each with the name of what it is under."""
    named = {one["Name"]: one["Confidence"] for one in answer.get("Labels", ())}
    for one in answer.get("ModerationLabels", ()):
        parent = one.get("ParentName")
        named[f"{parent}/{one['Name']}" if parent else one["Name"]] = one["Confidence"]
    return named


def named_equipment(answer: Mapping[str, Any]) -> Named:
    """Body parts and what covers them, by how many people have each: `HAND_COVER 2`."""
    counts: dict[str, int] = {}
    named: Named = {}
    for person in answer.get("Persons", ()):
        for part in person.get("BodyParts", ()):
            for worn in part.get("EquipmentDetections", ()):
                counts[worn["Type"]] = counts.get(worn["Type"], 0) + 1
                named[f"{worn['Type']} {counts[worn['Type']]}"] = worn["Confidence"]
    return named


def named_celebrities(answer: Mapping[str, Any]) -> Named:
    """Celebrities by how sure their match is."""
    return {one["Name"]: one.get("MatchConfidence", 0.0) for one in answer.get("CelebrityFaces", ())}


NAMED: Final[Mapping[str, tuple[str, Callable[[Mapping[str, Any]], Named], bool]]] = {
    "Labels": ("Labels", named_labels, True),
    "ModerationLabels": ("Moderation", named_labels, True),
    "Persons": ("Equipment", named_equipment, True),
    "CelebrityFaces": ("Celebrities", named_celebrities, False),
}
"""By a member that only such answers have: the kind of names, how they are read, whether they are kept."""
