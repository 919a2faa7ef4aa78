"""What a search in a stored video tells under a strict purpose: that somebody listed was there, and when.

Nobody judges moving pictures blind yet, so that no answer names whom they resemble. Whoever works on the case
searches for a still of that moment (SearchFacesByImage), which people review.
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from regard.jobs.records import Item

_MATCHES: Final = "FaceMatches"
_SIMILARITY: Final = 99.0  # where a search has no threshold of its own


def unnamed(answer: Mapping[str, Any], *, secret: str, threshold: float) -> dict[str, Any]:
    """An answer's Persons with placeholders for whom they resemble; what else it lists of people is left out.

    The same enrolled face has the same placeholder wherever `secret` is the same, so that one sees where
    somebody comes back. Neither order nor similarity tell anything.
    """
    if "Persons" in answer:
        persons = [_person(one, secret, threshold) for one in answer["Persons"]]
        return {**answer, "Persons": persons}
    return {**answer, "Celebrities": []} if "Celebrities" in answer else dict(answer)


def unnamed_items(items: Sequence[Item], *, secret: str, threshold: float) -> list[Item]:
    """The same of what one pass over a film finds."""
    return [replace(item, body=_person(item.body, secret, threshold)) for item in items]


def _person(person: Mapping[str, Any], secret: str, threshold: float) -> dict[str, Any]:
    if _MATCHES not in person:
        return dict(person)
    found = [_placeholder(match["Face"]["FaceId"], secret, threshold) for match in person[_MATCHES]]
    return {**person, _MATCHES: sorted(found, key=lambda one: str(one["Face"]["FaceId"]))}


def _placeholder(face_id: str, secret: str, threshold: float) -> dict[str, Any]:
    """Its FaceId looks random, and no operation knows it."""
    digest = hmac.digest(secret.encode(), face_id.encode(), "sha256")
    face = {
        "FaceId": str(uuid.UUID(bytes=digest[:16], version=4)),
        "ExternalImageId": f"PENDING_REVIEW:{digest[16:20].hex()}",
    }
    return {"Similarity": threshold or _SIMILARITY, "Face": face}
