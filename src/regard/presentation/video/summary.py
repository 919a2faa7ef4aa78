"""What was found in a video, as a table for each analysis."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from regard.presentation.pictures.moderation import NOT_DETECTED
from regard.presentation.tables import Header, Table, broken, whole
from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.sightings import CELEBRITY, FACE, MATCH, PERSON, TEXT, name_of
from regard.presentation.video.spells import Spell, segments, spells
from regard.presentation.video.subtitles import clock
from regard.presentation.wording import count


@dataclass(frozen=True, slots=True)
class Section:
    """A table under its title; `note` says what else is to be known."""

    title: str
    table: Table
    note: str = ""


def headline(found: VideoFindings, name: str) -> str:
    """The video's name, length, size, rate and format."""
    video = found.video
    return (
        f"{name}: {clock(found.duration)}, {video['FrameWidth']} × {video['FrameHeight']}, "
        f"{video['FrameRate']:.5g} frames/s, {video['Codec']} in {video['Format']}"
    )


def summary(found: VideoFindings) -> Iterator[Section]:
    """A section or two for each analysis that ran."""
    sections = (
        (PERSON.operation, _persons),
        (MATCH.operation, _matches),
        (CELEBRITY.operation, _celebrities),
        (FACE.operation, _faces),
        (_LABELS, _labels),
        (_MODERATION, _moderation),
        (TEXT.operation, _texts),
        (_SEGMENTS, _shots),
        (_SEGMENTS, _cues),
    )
    return (section(found) for operation, section in sections if operation in found.ran)


_LABELS = "start_label_detection"
_MODERATION = "start_content_moderation"
_SEGMENTS = "start_segment_detection"


@dataclass(slots=True)
class _Seen:
    """All spells of one person, object or text together: `total` ms in `spells` spells."""

    name: str
    first: int
    last: int
    total: int
    spells: int
    confidence: float | None
    item: Mapping[str, Any]


def _by_name(found: Iterable[Spell]) -> list[_Seen]:
    return _together((one.name, one) for one in found)


def _by_track(found: Iterable[Spell]) -> list[_Seen]:
    return _together((one.track, one) for one in found)


def _together(found: Iterable[tuple[object, Spell]]) -> list[_Seen]:
    """In the order in which they are first seen."""
    seen: dict[object, _Seen] = {}
    for key, one in found:
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


def _persons(found: VideoFindings) -> Section:
    rows = [(one.name, *_times(one)) for one in _by_track(spells(found, PERSON))]
    headers = _headers("Person", "First seen", "Last seen", "Seen for")
    return Section(f"People: {count(len(rows), 'person')}", Table(headers, rows))


def _matches(found: VideoFindings) -> Section:
    seen = _by_track(spells(found, MATCH))
    rows = []
    for one in sorted(seen, key=lambda one: one.confidence is None):
        matches = one.item["FaceMatches"]
        if not matches:
            continue
        others = list(dict.fromkeys(name_of(match["Face"]) for match in matches[1:]))
        others = [other for other in others if other != one.name][:2]
        rows.append((one.name, _percent(one.confidence), *_times(one), ", ".join(others)))
    nobody = len(seen) - len(rows)
    verb = "resembles" if nobody == 1 else "resemble"
    note = f"{count(nobody, 'face')} {verb} nobody in the collection." if nobody else ""
    headers = _headers("Resembles", "Similarity", "First seen", "Last seen", "Seen for", "Then")
    return Section(f"Found in the collection: {count(len(rows), 'face')}", Table(headers, rows), note)


def _celebrities(found: VideoFindings) -> Section:
    seen = _by_name(spells(found, CELEBRITY))
    rows = [(one.name, _percent(one.confidence), *_times(one)) for one in seen]
    headers = _headers("Celebrity", "Similarity", "First seen", "Last seen", "Seen for")
    return Section(f"Celebrities: {count(len(rows), 'name')}", Table(headers, rows))


def _faces(found: VideoFindings) -> Section:
    rows = [
        (
            f"face {one.track}",
            clock(one.start),
            clock(one.end),
            _length(one.end - one.start),
            _percent(one.confidence),
            _attributes(one.item),
        )
        for one in spells(found, FACE)
    ]
    headers = _headers("Face", "First seen", "Last seen", "Seen for", "Confidence", "Attributes")
    return Section(f"Faces: {count(len(rows), 'appearance')}", Table(headers, rows))


def _labels(found: VideoFindings) -> Section:
    return _label_section("Labels", segments(found, _LABELS, "Label"))


def _moderation(found: VideoFindings) -> Section:
    return _label_section("Moderation", segments(found, _MODERATION, "ModerationLabel"), NOT_DETECTED)


def _label_section(title: str, found: Iterable[Spell], note: str = "") -> Section:
    seen = sorted(_by_name(found), key=lambda one: (-one.total, one.first))
    rows = [
        (one.name, _length(one.total), str(one.spells), clock(one.first), _percent(one.confidence))
        for one in seen
    ]
    headers = _headers("Label", "Seen for", "Times", "First seen", "Confidence")
    return Section(f"{title}: {count(len(rows), 'label')}", Table(headers, rows), note)


def _texts(found: VideoFindings) -> Section:
    seen = _by_name(spells(found, TEXT))
    rows = [(clock(one.first), _length(one.total), _percent(one.confidence), one.name) for one in seen]
    headers = _headers("First seen", "Seen for", "Confidence", "Text")
    return Section(f"Text: {count(len(rows), 'line')}", Table(headers, rows))


def _shots(found: VideoFindings) -> Section:
    rows = []
    for body in _of_type(found, "SHOT"):
        shot = body["ShotSegment"]
        times = body["StartTimecodeSMPTE"], body["EndTimecodeSMPTE"], body["DurationSMPTE"]
        rows.append((str(shot["Index"]), *times, _percent(shot["Confidence"])))
    headers = _headers("Shot", "From", "To", "Length", "Confidence")
    return Section(f"Shots: {count(len(rows), 'shot')}", Table(headers, rows))


def _cues(found: VideoFindings) -> Section:
    rows = []
    for body in _of_type(found, "TECHNICAL_CUE"):
        cue = body["TechnicalCueSegment"]
        between = body["StartTimecodeSMPTE"], body["EndTimecodeSMPTE"]
        rows.append((cue["Type"], *between, _percent(cue["Confidence"])))
    headers = _headers("Cue", "From", "To", "Confidence")
    return Section(f"Technical cues: {count(len(rows), 'cue')}", Table(headers, rows))


def _of_type(found: VideoFindings, kind: str) -> Iterator[Mapping[str, Any]]:
    return (item.body for item in found.items.items(_SEGMENTS) if item.body["Type"] == kind)


def _headers(*names: str) -> list[Header]:
    *before, last = names
    return [*whole(*before), *broken(last)]


def _times(one: _Seen) -> Sequence[str]:
    return clock(one.first), clock(one.last), _length(one.total)


def _length(milliseconds: int) -> str:
    seconds = milliseconds / 1000
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 3600)}:{int(seconds // 60 % 60):02}:{int(seconds % 60):02}"


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.1f} %"


def _attributes(face: Mapping[str, Any]) -> str:
    """Age, gender and expression, where they were asked for."""
    if "AgeRange" not in face:
        return ""
    age, gender, expression = face["AgeRange"], face["Gender"]["Value"].lower(), face["Emotions"][0]
    return f"{gender}, {age['Low']}–{age['High']}, {expression['Type'].lower()}"
