"""What a line says of a picture."""

from __future__ import annotations

from dataclasses import dataclass

from regard.custom.manifests.faults import Fault
from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A box in fractions of the picture that it was drawn on, and its label."""

    label: str
    box: Box


@dataclass(frozen=True, slots=True)
class DatasetEntry:
    """A picture and what is said of it; what is wrong in the line is left out.

    `labels` are those of the whole picture and `boxes` those of its parts, each in the line's order.
    `image_size` is the width and height in pixels of the picture that boxes were drawn on, None without
    boxes. `is_background` says that a person found nothing to draw a box around. `is_usable` says that the
    line may be trained on. `moderation` are the labels of moderation that a picture was given for an adapter,
    None where the line doesn't speak of them.
    """

    source_ref: str
    bucket: str
    key: str
    labels: tuple[str, ...] = ()
    boxes: tuple[LabelledBox, ...] = ()
    image_size: tuple[float, float] | None = None
    is_background: bool = False
    is_usable: bool = False
    moderation: tuple[str, ...] | None = None

    @property
    def is_labelled(self) -> bool:
        return bool(self.labels or self.boxes)

    @property
    def all_labels(self) -> dict[str, int]:
        """Every label once, in order, with how many boxes have it."""
        counted = dict.fromkeys(self.labels, 0)
        for one in self.boxes:
            counted[one.label] = counted.get(one.label, 0) + 1
        return counted


@dataclass(frozen=True, slots=True)
class ManifestLine:
    """A line that says something of a picture, the `number`-th of all, from 1.

    `faults` are those of its parts; `content` is the line as ListDatasetEntries answers it, with them at
    their places.
    """

    number: int
    entry: DatasetEntry
    faults: tuple[Fault, ...]
    content: str

    @property
    def has_error(self) -> bool:
        return any(not fault.code.is_warning for fault in self.faults)


@dataclass(frozen=True, slots=True)
class UselessLine:
    """A line that isn't blank, the `number`-th of all, and that joins no data set."""

    number: int
    fault: Fault
