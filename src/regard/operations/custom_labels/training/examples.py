"""What a training is given: a line of a manifest a picture, as the job keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Any

from regard.custom.manifests.entry import DatasetEntry, LabelledBox, ManifestLine
from regard.vision.geometry import Box


class TrainingPart(StrEnum):
    """Which of the two sets a picture is in."""

    TRAINING = "training"
    TESTING = "testing"


class UseCase(StrEnum):
    """What a training learns, as its manifest summary calls it."""

    LABELS = "IMAGE_LEVEL_LABELS"
    BOXES = "OBJECT_LOCALIZATION"
    MODERATION = "CONTENT_MODERATION"
    NONE = "NOT_DETERMINED"


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A picture of a training, and what people say it shows.

    `line` is its line in the manifest, or its place in the data set, from 1. `reference` is its source-ref,
    `bucket` and `key` what that names. `labels` are those of the whole picture. `boxes` are in fractions
    of the picture that they were drawn on, which had `image_size` px. `is_usable`: nothing that is known
    without opening the picture is against it; it may still wait for its label. `is_background`: a person
    found nothing to draw a box around.
    """

    part: TrainingPart
    line: int
    reference: str
    bucket: str
    key: str
    labels: tuple[str, ...] = ()
    boxes: tuple[LabelledBox, ...] = ()
    image_size: tuple[float, float] | None = None
    is_usable: bool = True
    is_background: bool = False

    @property
    def boxed(self) -> tuple[str, ...]:
        """The labels that have boxes, each once."""
        return tuple(dict.fromkeys(one.label for one in self.boxes))

    def kept(self) -> dict[str, Any]:
        """The example as the body of a job's item."""
        return {
            "ref": self.reference,
            "bucket": self.bucket,
            "key": self.key,
            "labels": list(self.labels),
            "boxes": [[one.label, *astuple(one.box)] for one in self.boxes],
            "size": self.image_size,
            "usable": self.is_usable,
            "background": self.is_background,
        }

    @classmethod
    def of(cls, part: TrainingPart, line: int, body: Mapping[str, Any]) -> TrainingExample:
        """The example that was kept; of no use where the line is none."""
        if "ref" not in body:
            return cls(part, line, "", "", "", is_usable=False)
        return cls(
            part,
            line,
            body["ref"],
            body["bucket"],
            body["key"],
            tuple(body["labels"]),
            tuple(LabelledBox(label, Box(*sides)) for label, *sides in body["boxes"]),
            None if body["size"] is None else (body["size"][0], body["size"][1]),
            body["usable"],
            body["background"],
        )

    @classmethod
    def read(cls, part: TrainingPart, line: ManifestLine) -> TrainingExample:
        """The example of a line that has been read."""
        entry = line.entry
        return cls(
            part,
            line.number,
            entry.source_ref,
            entry.bucket,
            entry.key,
            entry.labels,
            entry.boxes,
            entry.image_size,
            entry.is_usable or not line.has_error,
            entry.is_background,
        )

    @property
    def entry(self) -> DatasetEntry:
        """What its line says."""
        return DatasetEntry(
            self.reference,
            self.bucket,
            self.key,
            labels=self.labels,
            boxes=self.boxes,
            image_size=self.image_size,
            is_usable=self.is_usable,
        )
