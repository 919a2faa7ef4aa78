"""What two answers read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAX_LETTERS = 400  # of each answer: what follows is left out of the comparison


def compare_texts(
    _asked: Mapping[str, Any], here: Mapping[str, Any], there: Mapping[str, Any]
) -> dict[str, Any]:
    """Levenshtein's distance of the lines, joined from top to bottom, and how many letters there were there.

    The text itself is not kept.
    """
    own, theirs = _text(here), _text(there)
    errors = edit_distance(own, theirs)
    longest = max(len(own), len(theirs))
    return {
        "errors": errors,
        "letters": len(theirs),
        "here": len(own),
        "differs": errors / longest if longest else 0.0,
    }


def edit_distance(one: str, other: str) -> int:
    """How many letters must be put in, left out or changed to make one text the other."""
    row = list(range(len(other) + 1))
    for number, letter in enumerate(one, 1):
        above, row[0] = row[0], number
        for place, wanted in enumerate(other, 1):
            above, row[place] = (
                row[place],
                min(row[place] + 1, row[place - 1] + 1, above + (letter != wanted)),
            )
    return row[-1]


def _text(answer: Mapping[str, Any]) -> str:
    lines = [one for one in answer.get("TextDetections", ()) if one.get("Type") == "LINE"]
    lines.sort(
        key=lambda one: (one["Geometry"]["BoundingBox"]["Top"], one["Geometry"]["BoundingBox"]["Left"])
    )
    return "\n".join(one["DetectedText"] for one in lines)[:_MAX_LETTERS]
