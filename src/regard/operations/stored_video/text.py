"""Text in stored video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from regard.context import Context
from regard.jobs.records import Item
from regard.operations.pictures.text import TextFilter
from regard.operations.shapes.text import text_detections
from regard.operations.stored_video.momentary import Momentary
from regard.video.stretches.demand import Findable
from regard.video.video_pass import FrameSample

_MIN_CONFIDENCE = 80.0  # percent, of a word where there is no WordFilter: a video has many frames to err in


class TextAnalysis(Momentary):
    """StartTextDetection's."""

    interval, finds = 500, (Findable.TEXT,)

    def __init__(self, ctx: Context, request: Mapping[str, Any]) -> None:
        filters = {"WordFilter": {"MinConfidence": _MIN_CONFIDENCE}, **(request.get("Filters") or {})}
        self._filter = TextFilter.of({"Filters": filters})
        self.facts = {"TextModelVersion": ctx.models.text.version}

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        findings, at = sample.findings, sample.frame.timestamp
        lines = self._filter.of_lines(findings.text(), findings.image)
        return [
            Item(at, "", {"Timestamp": at, "TextDetection": one})
            for one in text_detections(lines, findings.image)
        ]
