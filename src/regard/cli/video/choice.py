"""Which analyses of a video are run, and what is left out and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regard.cli.local import LocalGate
from regard.errors import RegardError
from regard.presentation.pictures.moderation import NO_PARTS

_VIDEO = {"S3Object": {"Bucket": "local", "Name": "local"}}  # the API wants one; the file is read instead


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command line asks for; nothing means everything."""

    everything: bool
    faces: bool
    search: str | None
    persons: bool
    labels: bool
    text: bool
    moderation: bool
    celebrities: bool
    segments: bool
    attributes: bool
    threshold: float | None

    @property
    def all(self) -> bool:
        one = self.faces or self.persons or self.labels or self.text or self.moderation
        return self.everything or not (one or self.celebrities or self.segments or self.search)


@dataclass(slots=True)
class Choice:
    """`requests`: Start requests by operation. `left_out`: sentences that say what isn't detected."""

    requests: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)


def choose(gate: LocalGate, wanted: Wanted) -> Choice:
    """Everything that can be run, or what was asked for. Raises RegardError where that can't be, and for a
    request that HTTP would refuse as well."""
    choice, every = Choice(), wanted.all
    if wanted.threshold is not None and wanted.search is None:
        raise RegardError("--threshold is for --search COLLECTION: nothing else compares faces.")
    if every or wanted.faces:
        attributes = "ALL" if every or wanted.attributes else "DEFAULT"
        choice.requests["start_face_detection"] = {"FaceAttributes": attributes}
    if wanted.search is not None:
        threshold = {} if wanted.threshold is None else {"FaceMatchThreshold": wanted.threshold}
        choice.requests["start_face_search"] = {"CollectionId": wanted.search, **threshold}
    elif every:
        choice.left_out.append("No face was searched for: name a collection with --search.")
    if every or wanted.persons:
        choice.requests["start_person_tracking"] = {}
    if every or wanted.labels:
        choice.requests["start_label_detection"] = {}
    if every or wanted.text:
        choice.requests["start_text_detection"] = {}
    if every or wanted.segments:
        choice.requests["start_segment_detection"] = {"SegmentTypes": ["SHOT", "TECHNICAL_CUE"]}
    if every or wanted.moderation:
        choice.requests["start_content_moderation"] = {}
        if not gate.parts.models.nudity.finds_parts():
            choice.left_out.append(NO_PARTS)
    if every or wanted.celebrities:
        _add_celebrities(gate, choice, asked=wanted.celebrities)
    choice.requests = {name: {"Video": _VIDEO, **request} for name, request in choice.requests.items()}
    for operation, request in choice.requests.items():
        gate.check(operation, **request)
    return choice


def _add_celebrities(gate: LocalGate, choice: Choice, *, asked: bool) -> None:
    if gate.parts.stores.celebrities.all():
        choice.requests["start_celebrity_recognition"] = {}
        return
    sentence = "No celebrity was searched for: enrol some with `regard celebrities add`."
    if asked:
        raise RegardError("There are no celebrities to search for; enrol some with `regard celebrities add`.")
    choice.left_out.append(sentence)
