"""What leaves of an answer that was found under other rules than hold now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from regard.jobs.records import Item

_SEARCHES = {"get_face_search"}
_SEARCHING = {"start_face_search"}


def withhold(operation: str, answer: dict[str, Any], floor: float | None) -> dict[str, Any]:
    """The answer without matches below `floor`, in percent, where its operation lists matches found earlier.

    The people stay, as those do whom nobody resembles.
    """
    if floor is None or operation not in _SEARCHES:
        return answer
    return answer | {"Persons": [_above(person, floor) for person in answer["Persons"]]}


def withhold_found(operation: str, items: Sequence[Item], floor: float | None) -> Sequence[Item]:
    """The same for what an analysis finds, before it is kept anywhere."""
    if floor is None or operation not in _SEARCHING:
        return items
    return [replace(item, body=_above(item.body, floor)) for item in items]


def _above(body: Mapping[str, Any], floor: float) -> Mapping[str, Any]:
    if "FaceMatches" not in body:
        return body
    return {**body, "FaceMatches": [match for match in body["FaceMatches"] if match["Similarity"] >= floor]}
