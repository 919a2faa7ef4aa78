"""What an analysis found in a video, as bars over its time: one for each label, person, text or kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_GAP: Final = 1500  # ms between two findings of the same that are still one stretch
_POINT: Final = 200  # ms for which a single finding is drawn

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobTimeline:
    """Where an analysis has its findings: the Start and the Get operation, the list, and a name of each."""

    start: str
    operation: str
    member: str
    name: Callable[[Item], str]


@dataclass(frozen=True, slots=True)
class TimelineBar:
    """One name, and the stretches in which it was found: from and to, in ms of the video."""

    name: str
    stretches: Sequence[tuple[int, int]]

    @property
    def seconds(self) -> float:
        """How long it was found in all."""
        return sum(end - start for start, end in self.stretches) / 1000


def _person(item: Item) -> str:
    index, matches = item["Person"]["Index"], item.get("FaceMatches", ())
    if not matches:
        return str(index)
    face = matches[0]["Face"]
    return f"{index}: {face.get('ExternalImageId') or face['FaceId']}"


_TIMELINES: Final = (
    JobTimeline("StartLabelDetection", "get_label_detection", "Labels", lambda item: item["Label"]["Name"]),
    JobTimeline(
        "StartContentModeration",
        "get_content_moderation",
        "ModerationLabels",
        lambda item: item["ModerationLabel"]["Name"],
    ),
    JobTimeline("StartFaceDetection", "get_face_detection", "Faces", lambda _item: "face"),
    JobTimeline("StartFaceSearch", "get_face_search", "Persons", _person),
    JobTimeline("StartPersonTracking", "get_person_tracking", "Persons", _person),
    JobTimeline(
        "StartCelebrityRecognition",
        "get_celebrity_recognition",
        "Celebrities",
        lambda item: item["Celebrity"]["Name"],
    ),
    JobTimeline(
        "StartTextDetection",
        "get_text_detection",
        "TextDetections",
        lambda item: item["TextDetection"]["DetectedText"],
    ),
    JobTimeline(
        "StartSegmentDetection",
        "get_segment_detection",
        "Segments",
        lambda item: item.get("TechnicalCueSegment", {}).get("Type", "Shot"),
    ),
)
TIMELINES: Final[Mapping[str, JobTimeline]] = {one.start: one for one in _TIMELINES}
"""The analyses that have a time, by the operation that starts them."""


def bars_of(timeline: JobTimeline, items: Iterable[Item]) -> list[TimelineBar]:
    """A bar for each name, in the order in which the names first appear."""
    found: dict[str, list[tuple[int, int]]] = {}
    for item in items:
        name = timeline.name(item)
        if "StartTimestampMillis" in item:
            found.setdefault(name, []).append((item["StartTimestampMillis"], item["EndTimestampMillis"]))
            continue
        at = int(item["Timestamp"])
        stretches = found.setdefault(name, [])
        if stretches and at - stretches[-1][1] <= _GAP:
            stretches[-1] = (stretches[-1][0], max(at, stretches[-1][1]))
        else:
            stretches.append((at, at + _POINT))
    return [TimelineBar(name, stretches) for name, stretches in found.items()]
