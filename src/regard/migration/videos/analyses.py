"""Which analyses of stored video are compared, and what of their answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.migration.videos.comparing import (
    compare_counts,
    compare_cuts,
    compare_names,
)

Item = Mapping[str, Any]
Compared = Mapping[str, Sequence[float]]
"""Values by measure: shares as 0 and 1 of each that was counted, all else as numbers."""


@dataclass(frozen=True, slots=True)
class FilmAnalysis:
    """An analysis by its operations: `compare` is given what the other service lists as `member`, and what
    Regard does.
    """

    area: str
    start: str
    get: str
    member: str
    request: Mapping[str, Any]
    compare: Callable[[Sequence[Item], Sequence[Item]], Compared]


def _second(item: Item) -> int:
    return int(item["Timestamp"]) // 1000


def _labels(items: Sequence[Item], inner: str) -> set[tuple[str, int]]:
    return {(str(item[inner]["Name"]), _second(item)) for item in items}


def _words(items: Sequence[Item]) -> set[tuple[str, int]]:
    """Words alone: lines say the same again."""
    found = ((item["TextDetection"], _second(item)) for item in items)
    return {(str(one["DetectedText"]).casefold(), second) for one, second in found if one["Type"] == "WORD"}


def _faces(items: Sequence[Item]) -> dict[int, int]:
    """By second, how many faces there are in the frame that has the most."""
    frames = Counter(int(item["Timestamp"]) for item in items)
    found: dict[int, int] = {}
    for moment, number in frames.items():
        found[moment // 1000] = max(found.get(moment // 1000, 0), number)
    return found


def _segments(items: Sequence[Item]) -> dict[str, list[tuple[int, int]]]:
    """Begin and end of each kind, in milliseconds: `SHOT`, and every kind of cue."""
    found: dict[str, list[tuple[int, int]]] = {}
    for item in items:
        kind = item.get("TechnicalCueSegment", {}).get("Type", item["Type"])
        found.setdefault(kind, []).append((item["StartTimestampMillis"], item["EndTimestampMillis"]))
    return found


ANALYSES: Final[Mapping[str, FilmAnalysis]] = {
    "labels": FilmAnalysis(
        "Labels",
        "start_label_detection",
        "get_label_detection",
        "Labels",
        {},
        lambda theirs, ours: compare_names(_labels(theirs, "Label"), _labels(ours, "Label")),
    ),
    "moderation": FilmAnalysis(
        "Moderation",
        "start_content_moderation",
        "get_content_moderation",
        "ModerationLabels",
        {},
        lambda theirs, ours: compare_names(
            _labels(theirs, "ModerationLabel"), _labels(ours, "ModerationLabel")
        ),
    ),
    "faces": FilmAnalysis(
        "Faces",
        "start_face_detection",
        "get_face_detection",
        "Faces",
        {},
        lambda theirs, ours: compare_counts(_faces(theirs), _faces(ours)),
    ),
    "text": FilmAnalysis(
        "Text",
        "start_text_detection",
        "get_text_detection",
        "TextDetections",
        {},
        lambda theirs, ours: compare_names(_words(theirs), _words(ours)),
    ),
    "segments": FilmAnalysis(
        "Segments",
        "start_segment_detection",
        "get_segment_detection",
        "Segments",
        {"SegmentTypes": ["SHOT", "TECHNICAL_CUE"]},
        lambda theirs, ours: compare_cuts(_segments(theirs), _segments(ours)),
    ),
}
"""By what the command line calls them. People Pathing ended at AWS; celebrities are other people here."""
