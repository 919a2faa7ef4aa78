"""Label attributes of a line: a key, its twin KEY-metadata, and which labels or boxes the two give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from regard.custom.manifests.entry import LabelledBox
from regard.custom.manifests.faults import Fault, FaultCode

ERRORS: Final = "cl-errors"
WARNINGS: Final = "warnings"
LONGEST_LABEL: Final = 256  # characters


@dataclass(slots=True)
class AttributeFindings:
    """What is found in one attribute. What is wrong is written at its place in the line, and into `faults`.

    `is_empty` says that it speaks of no label at all, which is no error; `is_background` that a person said
    so.
    """

    name: str
    labels: list[str] = field(default_factory=list)
    boxes: list[LabelledBox] = field(default_factory=list)
    image_size: tuple[float, float] | None = None
    is_empty: bool = False
    is_background: bool = False
    faults: list[Fault] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        return bool(self.labels or self.boxes or self.is_empty)

    def blame(self, code: FaultCode, part: dict[str, Any], place: str = "") -> None:
        """Notes a fault in a part of the line; one of a kind a part."""
        fault = Fault.of(code, f"{self.name}{place}", self.name)
        told = part.setdefault(WARNINGS if code.is_warning else ERRORS, [])
        if fault.told not in told:
            told.append(fault.told)
            self.faults.append(fault)


Reader = Callable[[AttributeFindings, Any, dict[str, Any]], None]
"""Reads an attribute's value and its metadata."""


def read_classification(found: AttributeFindings, value: Any, metadata: dict[str, Any]) -> None:
    """One label for the whole picture: any integer, and a class-name."""
    if not isinstance(value, int) or isinstance(value, bool):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, metadata, "-metadata")
        return
    confidence = metadata.get("confidence", 1)
    if not is_number(confidence) or not 0 <= confidence <= 1 or not says_whose(metadata):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, metadata, "-metadata")
        return
    name = read_label(found, metadata.get("class-name"), metadata)
    if name is not None:
        found.labels.append(name)


def read_multilabel(found: AttributeFindings, value: Any, metadata: dict[str, Any]) -> None:
    """Labels for the whole picture: a list of ids, and a class-map that names them."""
    if not isinstance(value, list) or not all(is_number(one) for one in value):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_FORMAT, metadata, "-metadata")
        return
    class_map = metadata.get("class-map")
    if not isinstance(class_map, dict) or not says_whose(metadata):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, metadata, "-metadata")
        return
    if not value:
        found.is_empty, found.is_background = True, is_human(metadata)
        found.blame(FaultCode.NO_ATTRIBUTE_ANNOTATIONS, metadata, "-metadata")
        return
    for one in value:
        name = read_class(found, one, class_map, metadata)
        if name is not None and name not in found.labels:
            found.labels.append(name)


def read_class(
    found: AttributeFindings, class_id: float, class_map: Mapping[str, Any], metadata: dict[str, Any]
) -> str | None:
    """The label of an id, or None where it has none that is of use."""
    key = str(int(class_id)) if class_id == int(class_id) else str(class_id)
    if key not in class_map:
        found.blame(FaultCode.MISSING_CLASS_MAP_ID, metadata, "-metadata")
        return None
    return read_label(found, class_map[key], metadata)


def read_label(found: AttributeFindings, name: Any, metadata: dict[str, Any]) -> str | None:
    """A label's name, or None of what is none: a text without control characters, 1 to 256 characters."""
    if not isinstance(name, str) or not name.strip() or not _is_text(name):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, metadata, "-metadata")
        return None
    if len(name) > LONGEST_LABEL:
        found.blame(FaultCode.INVALID_LABEL_NAME_LENGTH, metadata, "-metadata")
        return None
    return name


def is_number(value: Any) -> TypeGuard[float]:
    """Of a size that pixels, ids and confidences have; JSON knows no bounds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 2**31


def is_human(metadata: Mapping[str, Any]) -> bool:
    return bool(metadata.get("human-annotated", "yes") == "yes")


def says_whose(metadata: Mapping[str, Any]) -> bool:
    """Whether human-annotated, where it is said, is yes or no."""
    return metadata.get("human-annotated", "yes") in ("yes", "no")


def _is_text(name: str) -> bool:
    if not name.isprintable() and any(ord(character) < 32 for character in name):
        return False
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True
