"""What leaves of an answer that was found under other rules than hold now."""

from __future__ import annotations

from typing import Any

_SEARCHES = {"get_face_search"}


def withhold(operation: str, answer: dict[str, Any], floor: float | None) -> dict[str, Any]:
    """The answer without matches below `floor`, in percent, where its operation lists matches found earlier.

    The people stay, as those do whom nobody resembles.
    """
    if floor is None or operation not in _SEARCHES:
        return answer
    persons = [
        person | {"FaceMatches": [match for match in person["FaceMatches"] if match["Similarity"] >= floor]}
        if "FaceMatches" in person
        else person
        for person in answer["Persons"]
    ]
    return answer | {"Persons": persons}
