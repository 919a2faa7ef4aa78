"""What was found in a video, for whoever reads it on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Column, Table

from regard.cli.moderation import NOT_LOOKED_FOR
from regard.cli.printing import add_row, print_table, say, table
from regard.presentation.video.sightings import Found, Spell, name_of
from regard.presentation.video.subtitles import clock
from regard.presentation.wording import count

_MOST = 20  # rows of a table


def print_summary(found: Found, name: str) -> None:
    """Tables of what ran, each cut after some rows: the files have all of it."""
    video = found.video
    say(
        f"{name}: {clock(found.duration)}, {video['FrameWidth']} × {video['FrameHeight']}, "
        f"{video['FrameRate']:.5g} frames/s, {video['Codec']} in {video['Format']}"
    )
    for operation, show in _TABLES.items():
        if operation in found.ran:
            show(found)


@dataclass(slots=True)
class _Seen:
    """All spells of one thing together: `total` ms in `spells` spells."""

    name: str
    first: int
    last: int
    total: int
    spells: int
    confidence: float | None
    item: Mapping[str, Any]


def _by_name(spells: Iterable[Spell]) -> list[_Seen]:
    return _together((one.name, one) for one in spells)


def _by_track(spells: Iterable[Spell]) -> list[_Seen]:
    return _together((one.track, one) for one in spells)


def _together(spells: Iterable[tuple[object, Spell]]) -> list[_Seen]:
    """In the order in which they are first seen."""
    seen: dict[object, _Seen] = {}
    for key, one in spells:
        length = one.end - one.start
        known = seen.get(key)
        if known is None:
            seen[key] = _Seen(one.name, one.start, one.end, length, 1, one.confidence, one.item)
            continue
        known.last, known.total = max(known.last, one.end), known.total + length
        known.spells += 1
        if (one.confidence or 0) > (known.confidence or 0):
            known.confidence, known.item = one.confidence, one.item
    return list(seen.values())


def _persons(found: Found) -> None:
    seen = _by_track(found.spells("person"))
    rows = _table("Person", "First seen", "Last seen", "Seen for")
    for one in seen:
        _add(rows, (one.name, *_times(one)))
    _print("People", rows, len(seen), "person")


def _search(found: Found) -> None:
    seen = _by_track(found.spells("match"))
    rows = _table("Resembles", "Similarity", "First seen", "Last seen", "Seen for", "Then")
    nobody = 0
    for one in sorted(seen, key=lambda one: one.confidence is None):
        matches = one.item["FaceMatches"]
        if not matches:
            nobody += 1
            continue
        others = list(dict.fromkeys(name_of(match["Face"]) for match in matches[1:]))
        others = [other for other in others if other != one.name][:2]
        _add(rows, (one.name, _sure(one.confidence), *_times(one), ", ".join(others)))
    _print("Found in the collection", rows, len(seen) - nobody, "face")
    if nobody:
        say(f"{count(nobody, 'face')} {'resembles' if nobody == 1 else 'resemble'} nobody in the collection.")


def _celebrities(found: Found) -> None:
    seen = _by_name(found.spells("celebrity"))
    rows = _table("Celebrity", "Similarity", "First seen", "Last seen", "Seen for")
    for one in seen:
        _add(rows, (one.name, _sure(one.confidence), *_times(one)))
    _print("Celebrities", rows, len(seen), "name")


def _faces(found: Found) -> None:
    spells = found.spells("face")
    rows = _table("Face", "First seen", "Last seen", "Seen for", "Confidence", "Looks")
    for one in spells:
        times = clock(one.start), clock(one.end), _length(one.end - one.start)
        _add(rows, (f"face {one.track}", *times, _sure(one.confidence), _looks(one.item)))
    _print("Faces", rows, len(spells), "appearance")


def _labels(found: Found) -> None:
    _print_labels("Labels", "Label", "label", found.segments("start_label_detection", "Label"))


def _moderation(found: Found) -> None:
    labels = found.segments("start_content_moderation", "ModerationLabel")
    _print_labels("Moderation", "Label", "label", labels)
    say(f"Moderation looked for nudity and swimwear. {NOT_LOOKED_FOR}")


def _print_labels(title: str, header: str, noun: str, spells: Iterator[Spell]) -> None:
    seen = sorted(_by_name(spells), key=lambda one: (-one.total, one.first))
    rows = _table(header, "Seen for", "Times", "First seen", "Confidence")
    for one in seen:
        cells = one.name, _length(one.total), str(one.spells), clock(one.first), _sure(one.confidence)
        _add(rows, cells)
    _print(title, rows, len(seen), noun)


def _texts(found: Found) -> None:
    seen = _by_name(found.spells("text"))
    rows = _table("First seen", "Seen for", "Confidence", "Text")
    for one in seen:
        _add(rows, (clock(one.first), _length(one.total), _sure(one.confidence), one.name))
    _print("Text", rows, len(seen), "line")


def _segments(found: Found) -> None:
    shots, cues = (
        _table("Shot", "From", "To", "Length", "Confidence"),
        _table("Cue", "From", "To", "Confidence"),
    )
    totals = {"SHOT": 0, "TECHNICAL_CUE": 0}
    for item in found.spool.items("start_segment_detection"):
        body = item.body
        totals[body["Type"]] += 1
        between = body["StartTimecodeSMPTE"], body["EndTimecodeSMPTE"]
        if body["Type"] == "SHOT":
            shot = body["ShotSegment"]
            cells = str(shot["Index"]), *between, body["DurationSMPTE"], _sure(shot["Confidence"])
            _add(shots, cells)
        else:
            cue = body["TechnicalCueSegment"]
            _add(cues, (cue["Type"], *between, _sure(cue["Confidence"])))
    _print("Shots", shots, totals["SHOT"], "shot")
    _print("Technical cues", cues, totals["TECHNICAL_CUE"], "cue")


_TABLES = {
    "start_person_tracking": _persons,
    "start_face_search": _search,
    "start_celebrity_recognition": _celebrities,
    "start_face_detection": _faces,
    "start_label_detection": _labels,
    "start_content_moderation": _moderation,
    "start_text_detection": _texts,
    "start_segment_detection": _segments,
}


def _table(*headers: str) -> Table:
    *before, last = headers
    return table(*(Column(header, no_wrap=True) for header in before), Column(last, overflow="fold"))


def _add(rows: Table, cells: Sequence[str]) -> None:
    """Adds a row where there is room."""
    if rows.row_count < _MOST:
        add_row(rows, cells)


def _print(title: str, rows: Table, total: int, noun: str) -> None:
    """The table under its title, and how much of it there is."""
    say("")
    say(f"{title}: " + count(total, noun))
    print_table(rows)
    if total > rows.row_count:
        say(f"… and {total - rows.row_count:,} more")


def _times(one: _Seen) -> Sequence[str]:
    return clock(one.first), clock(one.last), _length(one.total)


def _length(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 3600)}:{int(seconds // 60 % 60):02}:{int(seconds % 60):02}"


def _sure(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.1f} %"


def _looks(face: Mapping[str, Any]) -> str:
    """Age, gender and expression, where they were asked for."""
    if "AgeRange" not in face:
        return ""
    age, gender, expression = face["AgeRange"], face["Gender"]["Value"].lower(), face["Emotions"][0]
    return f"{gender}, {age['Low']}–{age['High']}, {expression['Type'].lower()}"
