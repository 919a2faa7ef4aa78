"""How long something was there without a break."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from regard.presentation.video.findings import VideoFindings
from regard.presentation.video.linking import GAP
from regard.presentation.video.sightings import Sighting, SightingKind


@dataclass(slots=True)
class Spell:
    """From `start` until `end`, ms, something was there without a break; `name` as it was mostly read,
    `confidence` at its surest."""

    kind: str
    track: int
    name: str
    start: int
    end: int
    confidence: float | None
    item: Mapping[str, Any]


def spells(found: VideoFindings, kind: SightingKind) -> list[Spell]:
    """Sightings of the same that follow each other, by their beginnings; none where nothing ran."""
    if kind.operation not in found.ran:
        return []
    interval = found.intervals[kind.operation]
    return sorted(_spells(kind.read(found), interval, found.duration), key=lambda one: one.start)


def segments(found: VideoFindings, operation: str, member: str) -> Iterator[Spell]:
    """A view by segments, in the order of time. `member` is what the operation calls what it lists."""
    for item in found.items.items(operation, "SEGMENTS"):
        label = item.body[member]
        start, end = item.body["StartTimestampMillis"], item.body["EndTimestampMillis"]
        yield Spell(member, 0, label["Name"], start, end, label["Confidence"], item.body)


def _spells(sightings: Iterator[Sighting], interval: int, duration: int) -> Iterator[Spell]:
    """A spell lasts until the first sample in which nothing of it was seen, or to the end of the video."""
    begun: dict[int, tuple[Spell, Counter[str]]] = {}

    def ended(track: int) -> Spell:
        spell, names = begun.pop(track)
        spell.name = names.most_common(1)[0][0]
        spell.end = max(spell.start + 1, min(spell.end + interval, max(duration, spell.end)))
        return spell

    now = -1
    for one in sightings:
        if one.at != now:
            now = one.at
            for track in [track for track, (spell, _) in begun.items() if now - spell.end > GAP]:
                yield ended(track)
        if one.track not in begun:
            spell = Spell(one.kind, one.track, one.name, one.at, one.at, one.confidence, one.item)
            begun[one.track] = spell, Counter()
        spell, names = begun[one.track]
        spell.end = one.at
        names[one.name] += 1
        if (one.confidence or 0) > (spell.confidence or 0):
            spell.confidence, spell.item = one.confidence, one.item
    for track in list(begun):
        yield ended(track)
