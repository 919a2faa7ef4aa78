"""What a search in a stored video tells under a strict purpose: that somebody was there, and when.

Whom they resemble, people judge, person by person, on blind sheets; until then placeholders stand for names.
Of what was found before reviews, or under no strict purpose, nobody is named at all: whoever works on the
case searches for a still of that moment (SearchFacesByImage).
"""

from __future__ import annotations

import hmac
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from regard.context import Context
from regard.governance.examination.records import Review, ReviewCandidate
from regard.governance.purpose import floor_of
from regard.jobs.records import Item
from regard.operations.reviewing.reviewed import Body, entries, placeholder_name
from regard.operations.reviewing.sightings import REVIEW

_MATCHES: Final = "FaceMatches"
_PENDING: Final = "PENDING_REVIEW:"
_SIMILARITY: Final = 99.0  # where a search has no threshold of its own


def as_judged(ctx: Context, answer: Body) -> tuple[Body, list[Review]]:
    """An answer's Persons with whom people have judged a lead, and placeholders for those who wait.

    An enrolled face has the same FaceId in all placeholders of a job, so that one sees where somebody comes
    back. Answers the reviews that the answer is about, too, in its order.
    """
    persons = answer.get("Persons", [])
    reviews, examination = _reviews_of(ctx, persons), ctx.stores.accountability.examination
    gone = examination.reviews.erased(*reviews.values()) if reviews else set()
    bare = unnamed(answer, secret=ctx.job.seal, threshold=ctx.job.threshold or 0.0)
    shown = {name: _shown(ctx, review, gone) for name, review in reviews.items()}
    if "Persons" in bare:
        bare["Persons"] = [_judged(person, shown) for person in bare["Persons"]]
    return bare, list(reviews.values())


def _reviews_of(ctx: Context, persons: Sequence[Mapping[str, Any]]) -> dict[str, Review]:
    named = list(dict.fromkeys(person[REVIEW] for person in persons if REVIEW in person))
    found = ctx.stores.accountability.examination.reviews.named(named) if named else {}
    return {name: found[name] for name in named if name in found}


def _shown(ctx: Context, review: Review, gone: Collection[tuple[int, int]]) -> list[Body]:
    """The FaceMatches of somebody by what the review has come to."""
    floor = floor_of(ctx.purpose)
    lowest = max(ctx.job.threshold or _SIMILARITY, floor or 0.0)

    def placeholder(one: ReviewCandidate) -> Body:
        face = {
            "FaceId": _stand_in(ctx.job.seal, one.name)[0],
            "ExternalImageId": placeholder_name(review, one),
        }
        return {"Similarity": lowest, "Face": face}

    def is_there(one: ReviewCandidate) -> bool:
        return (review.row, one.number) not in gone and (floor is None or one.similarity >= floor)

    return entries(review, is_there, placeholder)


def _judged(person: Mapping[str, Any], shown: Mapping[str, list[Body]]) -> Body:
    told = {name: value for name, value in person.items() if name != REVIEW}
    return told if REVIEW not in person else {**told, _MATCHES: shown.get(person[REVIEW], [])}


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
    found = [unnamed_match(match["Face"]["FaceId"], secret, threshold) for match in person[_MATCHES]]
    return {**person, _MATCHES: sorted(found, key=lambda one: str(one["Face"]["FaceId"]))}


def unnamed_match(face_id: str, secret: str, threshold: float) -> dict[str, Any]:
    """What stands for a match until people have judged it, one for an enrolled face where `secret` is the
    same. `threshold` is the percentage that all of them show.
    """
    name, number = _stand_in(secret, face_id)
    face = {"FaceId": name, "ExternalImageId": f"{_PENDING}{number}"}
    return {"Similarity": threshold or _SIMILARITY, "Face": face}


def is_placeholder(match: Mapping[str, Any]) -> bool:
    """Whether a match stands for somebody whom people are to judge, and names nobody."""
    return str(match["Face"].get("ExternalImageId", "")).startswith(_PENDING)


def _stand_in(secret: str, face_id: str) -> tuple[str, str]:
    """An id that looks random, and that no operation knows, and a number to match."""
    digest = hmac.digest(secret.encode(), face_id.encode(), "sha256")
    return str(uuid.UUID(bytes=digest[:16], version=4)), digest[16:20].hex()
