"""Shots and technical cues of stored video."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from regard.jobs.records import Item
from regard.video.reading.timecode import timecode
from regard.video.segments.cues import TEXT_INTERVAL, Box, Cue, CueDetector, CueKind, text_boxes
from regard.video.segments.shots import Shot, ShotDetector
from regard.video.stretches.demand import CueSearch
from regard.video.video_pass import FrameSample

_VERSION = "1.0"
_MIN_CONFIDENCE = 50.0  # percent
_THRESHOLD, _COVERAGE = 0.2, 99.0  # of black frames: share of the luma's range, percent of the pixels
_CUES = {
    CueKind.BLACK_FRAMES: "BlackFrames",
    CueKind.COLOR_BARS: "ColorBars",
    CueKind.SLATE: "Slate",
    CueKind.OPENING_CREDITS: "OpeningCredits",
    CueKind.END_CREDITS: "EndCredits",
    CueKind.STUDIO_LOGO: "StudioLogo",
    CueKind.CONTENT: "Content",
}


class SegmentAnalysis:
    """StartSegmentDetection's."""

    interval, follows, finds = 0, False, ()

    def __init__(self, request: Mapping[str, Any], frame_rate: float, duration: int | None) -> None:
        """`duration`: of the video, ms, as far as it is known beforehand."""
        self._places = {kind: str(place) for place, kind in enumerate(request["SegmentTypes"])}
        filters = request.get("Filters") or {}
        cues, shots = filters.get("TechnicalCueFilter") or {}, filters.get("ShotFilter") or {}
        self._min_confidence = {
            "TECHNICAL_CUE": cues.get("MinSegmentConfidence", _MIN_CONFIDENCE),
            "SHOT": shots.get("MinSegmentConfidence", _MIN_CONFIDENCE),
        }
        black = cues.get("BlackFrame") or {}
        self._rate = frame_rate
        self._shots = ShotDetector(frame_rate) if "SHOT" in self._places else None
        self._cues: CueDetector | None = None
        self.rehearsal: CueSearch | None = None
        if "TECHNICAL_CUE" in self._places:
            self.rehearsal = CueSearch(
                frame_rate,
                duration,
                threshold=black.get("MaxPixelThreshold", _THRESHOLD),
                coverage=black.get("MinCoveragePercentage", _COVERAGE),
            )
            self._cues = CueDetector(**asdict(self.rehearsal))
        self._last = -1
        self.facts = {
            "SelectedSegmentTypes": [{"Type": kind, "ModelVersion": _VERSION} for kind in self._places]
        }

    def observe(self, sample: FrameSample) -> Sequence[Item]:
        frame = sample.frame
        items: list[Item] = []
        if self._shots is not None:
            items += [item for shot in self._shots.add(frame) for item in self._shot(shot)]
        if self._cues is not None:
            boxes: list[Box] | None = None
            reads = frame.timestamp // TEXT_INTERVAL > self._last // TEXT_INTERVAL
            if reads and self._cues.wants_text(frame):
                findings = sample.findings
                boxes = text_boxes(findings.text(), findings.image.width, findings.image.height)
            items += [item for cue in self._cues.add(frame, boxes) for item in self._cue(cue)]
        self._last = frame.timestamp
        return items

    def finish(self) -> Sequence[Item]:
        shots = self._shots.finish() if self._shots is not None else []
        cues = self._cues.finish() if self._cues is not None else []
        return [
            *(item for shot in shots for item in self._shot(shot)),
            *(item for cue in cues for item in self._cue(cue)),
        ]

    def state(self) -> dict[str, Any]:
        return {
            "last": self._last,
            "shots": None if self._shots is None else self._shots.state(),
            "cues": None if self._cues is None else self._cues.state(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self._last = state["last"]
        if state["shots"] is not None:
            self._shots = ShotDetector.restore(state["shots"])
        if state["cues"] is not None:
            self._cues = CueDetector.restore(state["cues"])

    def _shot(self, shot: Shot) -> list[Item]:
        segment = {"Index": shot.index, "Confidence": shot.confidence}
        return self._item("SHOT", shot, {"ShotSegment": segment})

    def _cue(self, cue: Cue) -> list[Item]:
        segment = {"Type": _CUES[cue.kind], "Confidence": cue.confidence}
        return self._item("TECHNICAL_CUE", cue, {"TechnicalCueSegment": segment})

    def _item(self, kind: str, part: Shot | Cue, segment: dict[str, Any]) -> list[Item]:
        if part.confidence < self._min_confidence[kind]:
            return []
        frames = part.last_frame - part.first_frame  # as on AWS, so that a single frame has none
        body = {
            "Type": kind,
            "StartTimestampMillis": part.start,
            "EndTimestampMillis": part.end,
            "DurationMillis": part.end - part.start,
            "StartTimecodeSMPTE": timecode(part.first_frame, self._rate),
            "EndTimecodeSMPTE": timecode(part.last_frame, self._rate),
            "DurationSMPTE": timecode(frames, self._rate),
            "StartFrameNumber": part.first_frame,
            "EndFrameNumber": part.last_frame,
            "DurationFrames": frames,
            **segment,
        }
        return [Item(part.start, self._places[kind], body)]
