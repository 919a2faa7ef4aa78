"""What a training is given: a line of a manifest a picture, as the job keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from regard.custom.manifests.entry import DatasetEntry


class TrainingPart(StrEnum):
    """Which of the two sets a picture is in."""

    TRAINING = "training"
    TESTING = "testing"


class UseCase(StrEnum):
    """What a training learns, as its manifest summary calls it."""

    LABELS = "IMAGE_LEVEL_LABELS"
    BOXES = "OBJECT_LOCALIZATION"
    NONE = "NOT_DETERMINED"


@dataclass(frozen=True, slots=True)
class TrainingExample:
    """A picture of a training, and what people say it shows.

    `line` is its line in the manifest, or its place in the data set, from 1. `reference` is its source-ref,
    `bucket` and `key` what that names. `labels` are those of the whole picture, `boxed` those that have
    boxes, each once. `is_usable`: nothing that is known without opening the picture is against it.
    """

    part: TrainingPart
    line: int
    reference: str
    bucket: str
    key: str
    labels: tuple[str, ...] = ()
    boxed: tuple[str, ...] = ()
    is_usable: bool = True

    def kept(self) -> dict[str, Any]:
        """The example as the body of a job's item."""
        return {
            "ref": self.reference,
            "bucket": self.bucket,
            "key": self.key,
            "labels": list(self.labels),
            "boxed": list(self.boxed),
            "usable": self.is_usable,
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
            tuple(body["boxed"]),
            body["usable"],
        )

    @classmethod
    def read(cls, part: TrainingPart, line: int, entry: DatasetEntry) -> TrainingExample:
        """The example of a line that has been read."""
        boxed = tuple(dict.fromkeys(box.label for box in entry.boxes))
        return cls(
            part, line, entry.source_ref, entry.bucket, entry.key, entry.labels, boxed, entry.is_usable
        )
