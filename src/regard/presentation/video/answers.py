"""The answers of the Get operations, written piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from regard.presentation.video.sightings import Found

if TYPE_CHECKING:
    from regard.gate import Gate

_VIEWS = ("TIMESTAMPS", "SEGMENTS")


def write_answers(file: IO[str], gate: Gate, found: Found, left_out: Mapping[str, Mapping[str, str]]) -> None:
    """One JSON object: by Get operation its whole answer; by view, TIMESTAMPS and SEGMENTS, where it has
    views. `left_out`: the errors of those that can't be run, by Get operation."""
    file.write("{")
    for place, operation in enumerate(sorted(found.ran)):
        kind = gate.kind_of(operation)
        file.write(",\n" if place else "\n")
        file.write(f" {json.dumps(gate.name_of(operation).replace('Start', 'Get', 1))}: ")
        if kind.has_views:
            for view in _VIEWS:
                file.write("{" if view == _VIEWS[0] else ",\n  ")
                file.write(f"{json.dumps(view)}: ")
                _write_answer(file, gate, found, operation, view)
            file.write("}")
        else:
            _write_answer(file, gate, found, operation, "")
    for name, error in left_out.items():
        file.write(f",\n {json.dumps(name)}: " + json.dumps({"Error": error}))
    file.write("\n}\n")


def _write_answer(file: IO[str], gate: Gate, found: Found, operation: str, view: str) -> None:
    kind = gate.kind_of(operation)
    answer: dict[str, Any] = {"JobStatus": "SUCCEEDED", **found.facts[operation]}
    if kind.has_views:
        answer["GetRequestMetadata"] = {"SortBy": kind.default, "AggregateBy": view}
    head = json.dumps(answer)
    file.write(f"{head[:-1]}, {json.dumps(kind.lists)}: [")
    for place, body in enumerate(_bodies(found, operation, view, kind.joined, kind.default == kind.key)):
        file.write(",\n   " if place else "\n   ")
        file.write(json.dumps(body))
    file.write("]}")


def _bodies(
    found: Found, operation: str, view: str, joined: str | None, by_key: bool
) -> Iterator[Mapping[str, Any]]:
    for item in found.spool.items(operation, view, by_key=by_key):
        if joined is None:
            yield item.body
        else:
            other = found.joined(operation, joined, item.key)
            yield {**item.body, **other}
