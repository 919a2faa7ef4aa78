"""What was found in a video as sightings: what was where, when, and which sightings are of the same."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Any

from regard.jobs.records import Item
from regard.jobs.spool import ItemSpool
from regard.presentation.video.linking import GAP, Box, Linker

INTERVALS: Mapping[str, int] = {
    "person": 250,
    "match": 250,
    "face": 500,
    "celebrity": 500,
    "object": 500,
    "text": 500,
}
"""Kinds of sightings, and ms between the samples in which they are looked for. `match`: a face that was
searched for in a collection."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """`at` in ms; `name` as it is shown; `confidence` in percent; `track` is the same number for sightings of
    the same, within their kind."""

    kind: str
    at: int
    name: str
    confidence: float | None
    box: Box
    track: int
    item: Mapping[str, Any]


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


class Found:
    """Reads what was put by. `ran`: the Start operations that ran; `facts`: what else each answers."""

    def __init__(self, spool: ItemSpool, facts: Mapping[str, Mapping[str, Any]]) -> None:
        self.spool, self.facts = spool, facts
        self._joined = lru_cache(maxsize=4096)(self._join)

    @property
    def ran(self) -> set[str]:
        return set(self.facts)

    @property
    def video(self) -> Mapping[str, Any]:
        """VideoMetadata."""
        about = next(iter(self.facts.values()))["VideoMetadata"]
        video: Mapping[str, Any] = about[0] if isinstance(about, list) else about
        return video

    @property
    def duration(self) -> int:
        """In ms, as the file states it."""
        return int(self.video["DurationMillis"])

    def sightings(self, kind: str) -> Iterator[Sighting]:
        """Those of a kind, in the order of time; none where its analysis didn't run."""
        return _READERS[kind](self)

    def all_sightings(self) -> Iterator[Sighting]:
        """Of every kind, in the order of time."""
        return heapq.merge(*(self.sightings(kind) for kind in INTERVALS), key=lambda one: one.at)

    def spells(self, kind: str) -> list[Spell]:
        """Sightings of the same that follow each other, by their beginnings."""
        return sorted(
            _spells(self.sightings(kind), INTERVALS[kind], self.duration), key=lambda one: one.start
        )

    def segments(self, operation: str, member: str) -> Iterator[Spell]:
        """A view by segments, in the order of time."""
        for item in self.spool.items(operation, "SEGMENTS"):
            label = item.body[member]
            start, end = item.body["StartTimestampMillis"], item.body["EndTimestampMillis"]
            yield Spell(member, 0, label["Name"], start, end, label["Confidence"], item.body)

    def joined(self, operation: str, view: str, key: str) -> Mapping[str, Any]:
        """What belongs to all items of a key, found by itself; {} where there is nothing."""
        return self._joined(operation, view, key)

    def _join(self, operation: str, view: str, key: str) -> Mapping[str, Any]:
        item = self.spool.of_key(operation, view, key)
        return {} if item is None else item.body


def name_of(face: Mapping[str, Any]) -> str:
    """What a face of a collection is called."""
    return str(face.get("ExternalImageId") or face["FaceId"])


def box_of(box: Mapping[str, float]) -> Box:
    left, top = box["Left"], box["Top"]
    return left, top, left + box["Width"], top + box["Height"]


def _persons(found: Found) -> Iterator[Sighting]:
    for item in found.spool.items("start_person_tracking"):
        person = item.body["Person"]
        number = person["Index"]
        yield Sighting(
            "person", item.timestamp, f"person {number}", None, box_of(person["BoundingBox"]), number, person
        )


def _matches(found: Found) -> Iterator[Sighting]:
    for item in found.spool.items("start_face_search"):
        person = item.body["Person"]
        number, face = person["Index"], person["Face"]
        matches = found.joined("start_face_search", "MATCHES", item.key).get("FaceMatches", [])
        yield Sighting(
            "match",
            item.timestamp,
            name_of(matches[0]["Face"]) if matches else f"unknown {number}",
            matches[0]["Similarity"] if matches else None,
            box_of(face["BoundingBox"]),
            number,
            {**item.body, "FaceMatches": matches},
        )


def _faces(found: Found) -> Iterator[Sighting]:
    def read(item: Item) -> Iterator[tuple[str, float, Box, Mapping[str, Any]]]:
        face = item.body["Face"]
        yield "face", face["Confidence"], box_of(face["BoundingBox"]), face

    return _linked("face", found.spool.items("start_face_detection"), read)


def _celebrities(found: Found) -> Iterator[Sighting]:
    def read(item: Item) -> Iterator[tuple[str, float, Box, Mapping[str, Any]]]:
        one = item.body["Celebrity"]
        yield one["Name"], one["Confidence"], box_of(one["BoundingBox"]), one

    return _linked("celebrity", found.spool.items("start_celebrity_recognition"), read)


def _objects(found: Found) -> Iterator[Sighting]:
    def read(item: Item) -> Iterator[tuple[str, float, Box, Mapping[str, Any]]]:
        label = item.body["Label"]
        for one in label["Instances"]:
            yield label["Name"], one["Confidence"], box_of(one["BoundingBox"]), one

    return _linked("object", found.spool.items("start_label_detection", "TIMESTAMPS"), read)


def _texts(found: Found) -> Iterator[Sighting]:
    def read(item: Item) -> Iterator[tuple[str, float, Box, Mapping[str, Any]]]:
        text = item.body["TextDetection"]
        if text["Type"] == "LINE":
            box = box_of(text["Geometry"]["BoundingBox"])
            yield text["DetectedText"], text["Confidence"], box, text

    return _linked("text", found.spool.items("start_text_detection"), read)


_READERS: Mapping[str, Callable[[Found], Iterator[Sighting]]] = {
    "person": _persons,
    "match": _matches,
    "face": _faces,
    "celebrity": _celebrities,
    "object": _objects,
    "text": _texts,
}


def _linked(
    kind: str,
    items: Iterable[Item],
    read: Callable[[Item], Iterable[tuple[str, float, Box, Mapping[str, Any]]]],
) -> Iterator[Sighting]:
    linker = Linker(reading=kind == "text")
    for at, group in groupby(items, key=lambda item: item.timestamp):
        seen = [one for item in group for one in read(item)]
        numbers = linker.link(at, [name for name, *_ in seen], [box for _, _, box, _ in seen])
        for number, (name, confidence, box, item) in zip(numbers, seen, strict=True):
            yield Sighting(kind, at, name, confidence, box, number, item)


def _spells(sightings: Iterator[Sighting], interval: int, duration: int) -> Iterator[Spell]:
    """A spell lasts until the first sample in which its thing was missing, or to the end of the video."""
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
