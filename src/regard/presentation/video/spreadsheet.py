"""Everything that was found as CSV, one row each."""

from __future__ import annotations

import csv
import heapq
from collections.abc import Iterator
from pathlib import Path

from regard.presentation.files import writing
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.sightings import all_sightings
from regard.presentation.video.spells import segments
from regard.presentation.video.subtitles import clock

COLUMNS = (
    "time",
    "end",
    "milliseconds",
    "kind",
    "track",
    "name",
    "confidence",
    "left",
    "top",
    "width",
    "height",
)
_Row = tuple[int, list[str]]
_FORMULA = tuple("=+-@\t\r")
_KINDS = {"match": "face search"}


def write_spreadsheet(found: VideoFindings, target: Path) -> int:
    """By time; answers how many rows. A name that a spreadsheet would take for a formula gets a ' before
    it."""
    rows = 0
    with writing(target) as stream:
        sheet = csv.writer(stream)
        sheet.writerow(COLUMNS)
        for _, row in heapq.merge(_sightings(found), *_segments(found), key=lambda row: row[0]):
            sheet.writerow(row)
            rows += 1
    return rows


def _sightings(found: VideoFindings) -> Iterator[_Row]:
    for one in all_sightings(found):
        left, top, right, bottom = one.box
        box = [f"{value:.5f}" for value in (left, top, right - left, bottom - top)]
        kind = _KINDS.get(one.kind, one.kind)
        yield one.at, _row(one.at, None, kind, str(one.track), one.name, one.confidence, box)


def _segments(found: VideoFindings) -> Iterator[Iterator[_Row]]:
    for operation, member, kind in (
        ("start_label_detection", "Label", "label"),
        ("start_content_moderation", "ModerationLabel", "moderation"),
    ):
        yield _labels(found, operation, member, kind)
    yield _shots_and_cues(found)


def _labels(found: VideoFindings, operation: str, member: str, kind: str) -> Iterator[_Row]:
    for one in segments(found, operation, member):
        yield one.start, _row(one.start, one.end, kind, "", one.name, one.confidence)


def _shots_and_cues(found: VideoFindings) -> Iterator[_Row]:
    for item in found.items.items("start_segment_detection"):
        body = item.body
        start, end = body["StartTimestampMillis"], body["EndTimestampMillis"]
        if body["Type"] == "SHOT":
            shot = body["ShotSegment"]
            yield (
                start,
                _row(start, end, "shot", str(shot["Index"]), f"shot {shot['Index']}", shot["Confidence"]),
            )
        else:
            cue = body["TechnicalCueSegment"]
            yield start, _row(start, end, "cue", "", cue["Type"], cue["Confidence"])


def _row(
    start: int,
    end: int | None,
    kind: str,
    track: str,
    name: str,
    confidence: float | None,
    box: list[str] | None = None,
) -> list[str]:
    shown = f"'{name}" if name.startswith(_FORMULA) else name
    sure = "" if confidence is None else f"{confidence:.2f}"
    until = "" if end is None else clock(end)
    return [clock(start), until, str(start), kind, track, shown, sure, *(box or [""] * 4)]
