"""Labels and moderation of stored video, by moments and by segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.jobs.records import Item
from regard.operations.pictures.labels import Filters
from regard.operations.pictures.moderation import confidences_of, find_nudity
from regard.operations.pictures.moderation_taxonomy import VERSION, label_shapes
from regard.operations.shapes.labels import label_shape
from regard.operations.stored_video.spans import LabelSegment, Spans
from regard.video.stretches.demand import Findable
from regard.video.video_pass import FrameSample

_INTERVAL = 500  # ms
_MIN_CONFIDENCE = 50.0  # percent
_MOMENTS, _SEGMENTS = "TIMESTAMPS", "SEGMENTS"


class _Spanned:
    """An analysis that knows nothing from one frame to the next but what is there without a break."""

    interval, follows, rehearsal = _INTERVAL, False, None

    def __init__(self) -> None:
        self._spans = Spans()

    def state(self) -> dict[str, Any]:
        return self._spans.state()

    def restore(self, state: Mapping[str, Any]) -> None:
        self._spans = Spans.restore(state)


class LabelAnalysis(_Spanned):
    """StartLabelDetection's."""

    finds = (Findable.LABELS,)

    def __init__(self, ctx: Context, request: Mapping[str, Any]) -> None:
        super().__init__()
        self._taxonomy = ctx.models.labels.taxonomy
        wanted = (request.get("Settings") or {}).get("GeneralLabels") or {}
        self._filters = Filters.read(wanted, self._taxonomy)
        self._min_confidence = request.get("MinConfidence", _MIN_CONFIDENCE)
        self.facts = {"LabelModelVersion": ctx.models.labels.version}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        shapes = [
            label_shape(label, self._taxonomy, findings.image, min_confidence=self._min_confidence)
            for label in findings.labels()
            if label.confidence >= self._min_confidence
            and self._filters.pass_(self._taxonomy.concepts[label.name])
        ]
        moments = [Item(at, shape["Name"], {"Timestamp": at, "Label": shape}, _MOMENTS) for shape in shapes]
        seen = {shape["Name"]: (shape["Confidence"], shape | {"Instances": []}) for shape in shapes}
        return [*moments, *_segments(self._spans.add(at, seen), "Label")]

    def finish(self) -> Sequence[Item]:
        return _segments(self._spans.finish(), "Label")


class ModerationAnalysis(_Spanned):
    """StartContentModeration's."""

    finds = (Findable.NUDITY,)

    def __init__(self, request: Mapping[str, Any]) -> None:
        super().__init__()
        self._min_confidence = request.get("MinConfidence", _MIN_CONFIDENCE)
        self.facts = {"ModerationModelVersion": VERSION}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        shapes = label_shapes(confidences_of(find_nudity(findings)), self._min_confidence)
        moments = [
            Item(at, shape["Name"], {"Timestamp": at, "ModerationLabel": shape, "ContentTypes": []}, _MOMENTS)
            for shape in shapes
        ]
        seen = {shape["Name"]: (shape["Confidence"], shape) for shape in shapes}
        return [*moments, *_segments(self._spans.add(at, seen), "ModerationLabel", {"ContentTypes": []})]

    def finish(self) -> Sequence[Item]:
        return _segments(self._spans.finish(), "ModerationLabel", {"ContentTypes": []})


def _segments(
    found: Sequence[LabelSegment], member: str, more: Mapping[str, Any] | None = None
) -> list[Item]:
    return [
        Item(
            one.start,
            one.name,
            {
                "Timestamp": one.start,
                member: one.body,
                "StartTimestampMillis": one.start,
                "EndTimestampMillis": one.end,
                "DurationMillis": one.end - one.start,
                **(more or {}),
            },
            _SEGMENTS,
        )
        for one in found
    ]
