"""Shots as an edit decision list (CMX 3600), which editing programs read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from regard.presentation.files import writing
from regard.presentation.video.findings import VideoFindings
from regard.video.reading.timecode import drops_frames, timecode

_SEGMENTS = "start_segment_detection"
_MAX_EVENTS = 999  # of a list: their numbers have three digits
_TITLE_LETTERS = 70


def has_cut_list(ran: Collection[str]) -> bool:
    """Whether the analyses of these Start operations find shots."""
    return _SEGMENTS in ran


def write_cut_list(found: VideoFindings, source: Path, target: Path) -> list[Path]:
    """Each shot as a cut of the video into itself: source and record times are the same, and begin at
    00:00:00:00; an out point is the frame after the last. Past 999 shots a further file goes on."""
    rate = float(found.video["FrameRate"])
    shots = _shots(found)
    files: list[Path] = []
    while True:
        part = list(islice(shots, _MAX_EVENTS))
        if not part and files:
            return files
        number = len(files) + 1
        file = target if number == 1 else target.with_name(f"{target.stem}-{number}{target.suffix}")
        with writing(file) as stream:
            mode = "DROP FRAME" if drops_frames(rate) else "NON-DROP FRAME"
            stream.write(f"TITLE: {_plain(source.stem)[:_TITLE_LETTERS]}\nFCM: {mode}\n\n")
            for event, shot in enumerate(part, 1):
                begin = timecode(shot["StartFrameNumber"], rate)
                end = timecode(shot["EndFrameNumber"] + 1, rate)
                stream.write(f"{event:03}  AX       V     C        {begin} {end} {begin} {end}\n")
                stream.write(f"* FROM CLIP NAME: {_plain(source.name)}\n")
        files.append(file)


def _shots(found: VideoFindings) -> Iterator[Mapping[str, Any]]:
    for item in found.items.items(_SEGMENTS):
        if item.body["Type"] == "SHOT":
            yield item.body


def _plain(name: str) -> str:
    """Printable ASCII, as the format has it."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "_" for letter in name)
