"""What is found in a picture: objects, and the labels that they and the whole picture get."""

from __future__ import annotations

from dataclasses import dataclass

from regard.vision.faces.face import Box


@dataclass(frozen=True, slots=True)
class Instance:
    """One object. `confidence`: 0 to 100, the probability in percent that the label and the box are right."""

    box: Box
    confidence: float


@dataclass(frozen=True, slots=True)
class Label:
    """One label of a picture, by its name in the taxonomy.

    `confidence`: 0 to 100, the probability in percent that the picture shows it. `instances`: where, the most
    certain first; empty for what has no place of its own.
    """

    name: str
    confidence: float
    instances: tuple[Instance, ...] = ()
