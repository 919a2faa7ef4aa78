"""What was found in a video as sightings: what was where, when, and which sightings are of the same."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from regard.presentation.video.findings import FoundItem, VideoFindings
from regard.presentation.video.linking import Box, Linker


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


@dataclass(frozen=True, slots=True)
class SightingKind:
    """What the analysis of a Start operation sees; `read` gives it in the order of time."""

    name: str
    operation: str
    read: Callable[[VideoFindings], Iterator[Sighting]]


def has_sightings(ran: Collection[str]) -> bool:
    """Whether the analyses of these Start operations see anything that can be marked."""
    return any(kind.operation in ran for kind in SIGHTING_KINDS)


def all_sightings(found: VideoFindings) -> Iterator[Sighting]:
    """Of every kind, in the order of time."""
    return heapq.merge(
        *(kind.read(found) for kind in SIGHTING_KINDS if kind.operation in found.ran), key=lambda one: one.at
    )


def name_of(face: Mapping[str, Any]) -> str:
    """What a face of a collection is called."""
    return str(face.get("ExternalImageId") or face["FaceId"])


def box_of(box: Mapping[str, float]) -> Box:
    """Left, top, right and bottom of a BoundingBox."""
    left, top = box["Left"], box["Top"]
    return left, top, left + box["Width"], top + box["Height"]


def _persons(found: VideoFindings) -> Iterator[Sighting]:
    for item in found.items.items(PERSON.operation):
        person = item.body["Person"]
        number = person["Index"]
        yield Sighting(
            "person", item.timestamp, f"person {number}", None, box_of(person["BoundingBox"]), number, person
        )


def _matches(found: VideoFindings) -> Iterator[Sighting]:
    for item in found.items.items(MATCH.operation):
        person = item.body["Person"]
        number, face = person["Index"], person["Face"]
        matches = found.joined(MATCH.operation, "MATCHES", item.key).get("FaceMatches", [])
        yield Sighting(
            "match",
            item.timestamp,
            name_of(matches[0]["Face"]) if matches else f"unknown {number}",
            matches[0]["Similarity"] if matches else None,
            box_of(face["BoundingBox"]),
            number,
            {**item.body, "FaceMatches": matches},
        )


def _faces(found: VideoFindings) -> Iterator[Sighting]:
    def read(item: FoundItem) -> Iterator[_Seen]:
        face = item.body["Face"]
        yield "face", face["Confidence"], box_of(face["BoundingBox"]), face

    return _linked(FACE, found.items.items(FACE.operation), read)


def _celebrities(found: VideoFindings) -> Iterator[Sighting]:
    def read(item: FoundItem) -> Iterator[_Seen]:
        one = item.body["Celebrity"]
        yield one["Name"], one["Confidence"], box_of(one["BoundingBox"]), one

    return _linked(CELEBRITY, found.items.items(CELEBRITY.operation), read)


def _objects(found: VideoFindings) -> Iterator[Sighting]:
    def read(item: FoundItem) -> Iterator[_Seen]:
        label = item.body["Label"]
        for one in label["Instances"]:
            yield label["Name"], one["Confidence"], box_of(one["BoundingBox"]), one

    return _linked(OBJECT, found.items.items(OBJECT.operation, "TIMESTAMPS"), read)


def _texts(found: VideoFindings) -> Iterator[Sighting]:
    def read(item: FoundItem) -> Iterator[_Seen]:
        text = item.body["TextDetection"]
        if text["Type"] == "LINE":
            box = box_of(text["Geometry"]["BoundingBox"])
            yield text["DetectedText"], text["Confidence"], box, text

    return _linked(TEXT, found.items.items(TEXT.operation), read)


_Seen = tuple[str, float, Box, Mapping[str, Any]]  # name, confidence, box and what was answered


def _linked(
    kind: SightingKind, items: Iterable[FoundItem], read: Callable[[FoundItem], Iterable[_Seen]]
) -> Iterator[Sighting]:
    linker = Linker(reading=kind is TEXT)
    for at, group in groupby(items, key=lambda item: item.timestamp):
        seen = [one for item in group for one in read(item)]
        numbers = linker.link(at, [name for name, *_ in seen], [box for _, _, box, _ in seen])
        for number, (name, confidence, box, item) in zip(numbers, seen, strict=True):
            yield Sighting(kind.name, at, name, confidence, box, number, item)


PERSON = SightingKind("person", "start_person_tracking", _persons)
MATCH = SightingKind("match", "start_face_search", _matches)
FACE = SightingKind("face", "start_face_detection", _faces)
CELEBRITY = SightingKind("celebrity", "start_celebrity_recognition", _celebrities)
OBJECT = SightingKind("object", "start_label_detection", _objects)
TEXT = SightingKind("text", "start_text_detection", _texts)

SIGHTING_KINDS = (PERSON, MATCH, FACE, CELEBRITY, OBJECT, TEXT)
"""`match`: a face that was searched for in a collection."""
