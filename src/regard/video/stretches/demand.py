"""What an analysis needs of frames, as data: the same here and on another machine."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from regard.vision.findings import PictureFindings


class Findable(StrEnum):
    """What is found in a frame by itself; each is the method of `PictureFindings` by that name."""

    FACES = "faces"
    ATTRIBUTES = "attributes"
    PERSONS = "persons"
    LABELS = "labels"
    TEXT = "text"
    NUDITY = "nudity"


@dataclass(frozen=True, slots=True)
class FaceTracking:
    """Faces are followed by embeddings of a face model, by its version; which faces are embedded depends on
    the tracks."""

    model: str


@dataclass(frozen=True, slots=True)
class PersonTracking:
    """Persons are followed by their appearance; whose is read depends on the tracks."""


@dataclass(frozen=True, slots=True)
class FaceRecognition:
    """Faces that are fit to be recognised, the `limit` largest, are embedded by a face model."""

    model: str
    limit: int


@dataclass(frozen=True, slots=True)
class CueSearch:
    """Technical cues: how black dark frames are, and the text of those in which credits may begin. The
    arguments of `CueDetector`."""

    frame_rate: float
    duration: int | None
    threshold: float
    coverage: float


Rehearsal = FaceTracking | PersonTracking | FaceRecognition | CueSearch
"""What `observe` asks for beside what is found in each frame, and which frames it asks it of depends on those
before. Whoever sees a part of the film alone goes through it as if it were the whole, and so finds nearly all
of that; the rest is found when it is asked for."""


class Demanding(Protocol):
    """An analysis, as far as it says what it needs."""

    interval: int
    follows: bool

    @property
    def finds(self) -> tuple[Findable, ...]: ...

    @property
    def rehearsal(self) -> Rehearsal | None: ...


@dataclass(frozen=True, slots=True)
class FrameDemand:
    """What one analysis needs: of which frames, whether it has to know about cuts, and what to find."""

    interval: int
    follows: bool
    finds: tuple[Findable, ...]
    rehearsal: Rehearsal | None

    @classmethod
    def of(cls, analysis: Demanding) -> FrameDemand:
        return cls(analysis.interval, analysis.follows, analysis.finds, analysis.rehearsal)

    def find(self, findings: PictureFindings) -> None:
        """Finds all that stands in each frame by itself."""
        for name in self.finds:
            getattr(findings, name)()


def is_due(timestamp: int, before: int, interval: int) -> bool:
    """Whether a frame at `timestamp`, ms, is one that is taken each `interval` ms; `before` is the time of
    the frame before it, −1 for none."""
    return not interval or timestamp // interval > before // interval


def due(demands: Iterable[FrameDemand], timestamp: int, before: int) -> list[int]:
    """The places of those demands that a frame is due for."""
    return [number for number, one in enumerate(demands) if is_due(timestamp, before, one.interval)]
