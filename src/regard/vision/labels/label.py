"""What is found in a picture: objects, and the labels that they and the whole picture get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class Instance:
    """One object. `confidence`: 0 to 100, the probability in percent that the label and the box are right.

    Of a label's instances the surest says what the label does: that the picture shows one.
    """

    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a picture, by its name in the taxonomy.

    `confidence`: 0 to 100, the probability in percent that the picture shows it. `instances`: where, the most
    certain first, which is as certain as the label; empty for what has no place of its own.
    """

    name: str
    confidence: float
    instances: tuple[Instance, ...] = ()

    @classmethod
    def of(cls, name: str, confidence: float, instances: Sequence[Instance]) -> Label:
        """`instances`: the most certain first. None of them is more so than the label."""
        surest = tuple(replace(one, confidence=confidence) for one in instances[:1])
        others = (replace(one, confidence=min(one.confidence, confidence)) for one in instances[1:])
        return cls(name, confidence, (*surest, *others))
