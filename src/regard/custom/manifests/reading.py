"""Reading lines: each gives an entry, or says why it is of no use."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, BinaryIO, Final, NoReturn

from regard.custom.manifests.attributes import (
    ERRORS,
    WARNINGS,
    AttributeFindings,
    Reader,
    read_classification,
    read_multilabel,
)
from regard.custom.manifests.boxes import read_detection
from regard.custom.manifests.entry import DatasetEntry, ManifestLine, UselessLine
from regard.custom.manifests.faults import Fault, FaultCode
from regard.storage.buckets.json_lines import is_blank, read_lines, read_reference

LONGEST_LINE: Final = 100_000
"""Characters of a line, as Amazon has it."""
MAX_LABELS_OF_PICTURE: Final = 50
"""Labels of a whole picture, as Amazon has it."""
METADATA: Final = "cl-metadata"
MODERATION: Final = "content-moderation-groundtruth"
_SOURCE: Final = "source-ref"
_TWIN: Final = "-metadata"
_OURS: Final = (METADATA, ERRORS, WARNINGS)  # what a listed line has beside what it was given with
_BYTES: Final = 4 * LONGEST_LINE + 2  # that so many characters and the line's end may take
_DEEPEST: Final = 32  # levels of a line; Ground Truth needs five
_READERS: Final[dict[str, Reader]] = {
    "groundtruth/image-classification": read_classification,
    "groundtruth/image-classification-multilabel": read_multilabel,
    "groundtruth/object-detection": read_detection,
}

ReadLine = ManifestLine | UselessLine


def read_manifest(file: BinaryIO, *, line: int = 0, place: int = 0) -> Iterator[tuple[int, ReadLine]]:
    """The lines that aren't blank, behind the `line`-th, which ends at the byte `place`, and where each ends.

    No more than one line is held in memory. Repeated references are not told here.
    """
    file.seek(place)

    def passed(piece: bytes) -> None:
        nonlocal place
        place += len(piece)

    for content in read_lines(file, passed, longest=_BYTES):
        line += 1
        if not is_blank(content):
            yield place, read_line(content, line)


def read_line(
    content: bytes | str | None, number: int = 0, *, longest: int | None = LONGEST_LINE
) -> ReadLine:
    """One line; None is one that was too long to be held. Whatever it is, nothing is raised.

    `longest` is in characters, None for a line that was kept: with its faults it may be longer than it was.
    """
    try:
        text = content.decode("utf-8") if isinstance(content, bytes) else content
        if text is None or (longest is not None and len(text.rstrip("\r\n")) > longest):
            return _useless(number, FaultCode.INVALID_JSON_LINE)
        line = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        if not isinstance(line, dict) or not _is_shallow(line, _DEEPEST):
            return _useless(number, FaultCode.INVALID_JSON_LINE)
    except (ValueError, RecursionError):  # broken JSON, broken UTF-8, a number of thousands of digits
        return _useless(number, FaultCode.INVALID_JSON_LINE)
    source = line.get(_SOURCE)
    if source is None:
        return _useless(number, FaultCode.MISSING_SOURCE_REF)
    reference = read_reference(source) if isinstance(source, str) else None
    if reference is None:
        return _useless(number, FaultCode.INVALID_SOURCE_REF_FORMAT)
    return _read(DatasetEntry(source, *reference), line, number)


def _read(entry: DatasetEntry, line: dict[str, Any], number: int) -> ManifestLine:
    for name in _OURS:
        line.pop(name, None)
    found = [_attribute(name, line) for name in _attributes(line)]
    faults = [fault for one in found for fault in one.faults]
    labels = tuple(dict.fromkeys(label for one in found for label in one.labels))
    boxes = tuple(box for one in found for box in one.boxes)
    moderation = _moderation(line.get(MODERATION))
    code = _verdict(line, found, labels, moderation)
    if code is not None:
        fault = Fault.of(code)
        faults.append(fault)
        line[WARNINGS if code.is_warning else ERRORS] = [fault.told]
    is_refused = code is not None and not code.is_warning
    is_background = not is_refused and not (labels or boxes) and any(one.is_background for one in found)
    if is_refused:
        labels, boxes = (), ()
    entry = replace(
        entry,
        labels=labels,
        boxes=boxes,
        image_size=next((one.image_size for one in found if one.image_size is not None), None),
        is_background=is_background,
        is_usable=bool(labels or boxes or is_background),
        moderation=moderation,
    )
    line[METADATA] = {"is_labeled": entry.is_labelled}
    content = json.dumps(line, allow_nan=False, separators=(",", ":"))
    return ManifestLine(number, entry, tuple(faults), content)


def _attributes(line: dict[str, Any]) -> list[str]:
    """The keys that have a twin."""
    return [name for name in line if name != _SOURCE and f"{name}{_TWIN}" in line]


def _attribute(name: str, line: dict[str, Any]) -> AttributeFindings:
    found, value, metadata = AttributeFindings(name), line[name], line[f"{name}{_TWIN}"]
    _forget_faults(value, metadata)
    if not isinstance(metadata, dict):  # there is no place for it but the line
        found.faults.append(
            Fault.of(FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, f"{name}{_TWIN}", name)
        )
        return found
    kind = metadata.get("type")
    if not isinstance(kind, str):
        found.blame(FaultCode.INVALID_LABEL_ATTRIBUTE_METADATA_FORMAT, metadata, _TWIN)
    elif kind not in _READERS:
        found.blame(FaultCode.UNSUPPORTED_USE_CASE_TYPE, metadata, _TWIN)
    else:
        _READERS[kind](found, value, metadata)
    return found


def _forget_faults(*parts: Any) -> None:
    """Takes away what an earlier reading has written into the line."""
    for part in parts:
        if isinstance(part, dict):
            for name in (ERRORS, WARNINGS):
                part.pop(name, None)
            annotations = part.get("annotations")
            if isinstance(annotations, list):
                _forget_faults(*annotations)


def _verdict(
    line: dict[str, Any],
    found: list[AttributeFindings],
    labels: tuple[str, ...],
    moderation: tuple[str, ...] | None,
) -> FaultCode | None:
    """What is wrong with the line as a whole."""
    if not found:
        if moderation is not None:
            return None
        return FaultCode.UNANNOTATED_RECORD if line.keys() == {_SOURCE} else FaultCode.NO_LABEL_ATTRIBUTES
    if not any(one.is_valid for one in found):
        return FaultCode.NO_VALID_LABEL_ATTRIBUTES
    if len(labels) > MAX_LABELS_OF_PICTURE:
        return FaultCode.TOO_MANY_LABELS
    return FaultCode.NO_ANNOTATIONS if all(one.is_empty for one in found) else None


def _moderation(value: Any) -> tuple[str, ...] | None:
    """The names of an adapter's labels; None of what is none."""
    labels = value.get("ModerationLabels") if isinstance(value, dict) else None
    if not isinstance(labels, list):
        return None
    given = [one.get("Name") if isinstance(one, dict) else None for one in labels]
    names = tuple(name for name in given if isinstance(name, str))
    return names if len(names) == len(given) else None


def _useless(number: int, code: FaultCode) -> UselessLine:
    return UselessLine(number, Fault.of(code))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"JSON has no {constant}")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that is too large")
    return number


def _is_shallow(value: Any, levels: int) -> bool:
    if levels == 0:
        return False
    if isinstance(value, dict):
        return all(_is_shallow(one, levels - 1) for one in value.values())
    if isinstance(value, list):
        return all(_is_shallow(one, levels - 1) for one in value)
    return True
