"""Rekognition's taxonomy of moderation labels, in three levels."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

VERSION = "7.0"
MIN_CONFIDENCE = 50.0
"""Percent, where a request names no MinConfidence."""


@dataclass(frozen=True, slots=True)
class ModerationLabel:
    """One label: `level` is 1 to 3, `parent` the label above it, "" at level 1."""

    name: str
    parent: str
    level: int


@cache
def taxonomy() -> Mapping[str, ModerationLabel]:
    """Every label by its name."""
    text = files("regard.operations.pictures").joinpath("moderation_taxonomy.toml").read_text("utf-8")
    labels: dict[str, ModerationLabel] = {}
    for top, branches in tomllib.loads(text).items():
        labels[top] = ModerationLabel(top, "", 1)
        for branch, leaves in branches.items():
            labels[branch] = ModerationLabel(branch, top, 2)
            labels.update({leaf: ModerationLabel(leaf, branch, 3) for leaf in leaves})
    return MappingProxyType(labels)


def with_parents(names: Iterable[str]) -> frozenset[str]:
    """These labels and all above them. Raises KeyError for a name that the taxonomy lacks."""
    found: set[str] = set()
    for name in names:
        above = name
        while above:
            found.add(above)
            above = taxonomy()[above].parent
    return frozenset(found)


def expanded(confidences: Mapping[str, float]) -> dict[str, float]:
    """The confidences of labels and of all above them: a label above is as sure as the surest below it."""
    sure: dict[str, float] = {}
    for name, confidence in confidences.items():
        for above in with_parents([name]):
            sure[above] = max(confidence, sure.get(above, 0.0))
    return sure


def label_shapes(confidences: Mapping[str, float], min_confidence: float) -> list[dict[str, Any]]:
    """ModerationLabels of labels with their confidence, and of all above them, of those that are at
    least `min_confidence` percent sure.

    The surest come first, and of equals the more general.
    """
    labels = taxonomy()
    sure = expanded(confidences)
    order = sorted(sure, key=lambda name: (-sure[name], labels[name].level, name))
    return [
        {
            "Confidence": sure[name],
            "Name": name,
            "ParentName": labels[name].parent,
            "TaxonomyLevel": labels[name].level,
        }
        for name in order
        if sure[name] >= min_confidence
    ]
