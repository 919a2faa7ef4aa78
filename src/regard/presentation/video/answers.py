"""The answers of the Get operations, written piece by piece."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, Protocol


class AnswerInParts(Protocol):
    """`members` of the answer, and beside them the list `lists` with its `elements`, which are read once."""

    @property
    def members(self) -> dict[str, Any]: ...

    @property
    def lists(self) -> str: ...

    @property
    def elements(self) -> Iterator[Mapping[str, Any]]: ...


def write_answers(file: IO[str], answers: Mapping[str, Mapping[str, AnswerInParts]]) -> None:
    """Writes one JSON object: by Get operation its whole answer; by view where it has views.

    `answers` are by Get operation and view, "" for the one of an operation without views.
    """
    file.write("{")
    for place, (name, views) in enumerate(answers.items()):
        file.write(",\n" if place else "\n")
        file.write(f" {json.dumps(name)}: ")
        if "" in views:
            _write_answer(file, views[""])
        else:
            _write_views(file, views)
    file.write("\n}\n")


def _write_views(file: IO[str], views: Mapping[str, AnswerInParts]) -> None:
    for place, (view, answer) in enumerate(views.items()):
        file.write(",\n  " if place else "{")
        file.write(f"{json.dumps(view)}: ")
        _write_answer(file, answer)
    file.write("}")


def _write_answer(file: IO[str], answer: AnswerInParts) -> None:
    head = json.dumps(answer.members)
    file.write(f"{head[:-1]}, {json.dumps(answer.lists)}: [")
    for place, body in enumerate(answer.elements):
        file.write(",\n   " if place else "\n   ")
        file.write(json.dumps(body))
    file.write("]}")
