"""Whom two searches found, and what two comparisons of faces said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from regard.migration.overlap import same_boxes
from regard.migration.shadow.comparing.faces import box_of

_MIN_RANKED = 3  # common matches, for their ranks to say something
_DEFAULT = 80.0  # Rekognition's threshold


def compare_matches(
    asked: Mapping[str, Any], here: Mapping[str, Any], there: Mapping[str, Any]
) -> dict[str, Any]:
    """Whether both found the same person first, the same people, in the same order.

    People are told apart by ExternalImageId or, without one, by FaceId; users by UserId. `similar` has
    similarities here and there of the same face or user, in percent; nobody is named. `asked` has the
    threshold that was applied here, in percent: what the other found below it is left out.
    """
    threshold = _threshold(asked, "FaceMatchThreshold", "UserMatchThreshold")
    own = _matches(here)
    theirs = [one for one in _matches(there) if one["similarity"] >= threshold]
    people, their_people = _people(own), _people(theirs)
    together = set(people) | set(their_people)
    jaccard = len(set(people) & set(their_people)) / len(together) if together else 1.0
    by_id = {one["id"]: one["similarity"] for one in theirs}
    pairs = [[one["similarity"], by_id[one["id"]]] for one in own if one["id"] in by_id]
    return {
        "threshold": threshold,
        "first": people[:1] == their_people[:1] if together else None,
        "jaccard": jaccard,
        "rank": _rank(people, their_people),
        "here": [one["similarity"] for one in own],
        "there": [one["similarity"] for one in theirs],
        "similar": pairs,
        "differs": 1 - jaccard,
    }


def compare_pairs(
    asked: Mapping[str, Any], here: Mapping[str, Any], there: Mapping[str, Any]
) -> dict[str, Any]:
    """The same for the faces of CompareFaces's target, paired by their boxes."""
    threshold = _threshold(asked, "SimilarityThreshold")
    own = here.get("FaceMatches", [])
    theirs = [one for one in there.get("FaceMatches", []) if one["Similarity"] >= threshold]
    found = same_boxes([box_of(one["Face"]) for one in own], [box_of(one["Face"]) for one in theirs])
    many = len(own) + len(theirs) - len(found)
    jaccard = len(found) / many if many else 1.0
    return {
        "threshold": threshold,
        "jaccard": jaccard,
        "here": [one["Similarity"] for one in own],
        "there": [one["Similarity"] for one in theirs],
        "similar": [[own[row]["Similarity"], theirs[column]["Similarity"]] for row, column, _ in found],
        "differs": 1 - jaccard,
    }


def _matches(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    faces = [
        {
            "id": one["Face"]["FaceId"],
            "person": one["Face"].get("ExternalImageId") or one["Face"]["FaceId"],
            "similarity": one["Similarity"],
        }
        for one in answer.get("FaceMatches", ())
    ]
    users = [
        {"id": one["User"]["UserId"], "person": one["User"]["UserId"], "similarity": one["Similarity"]}
        for one in answer.get("UserMatches", ())
    ]
    return faces + users


def _people(matches: Sequence[Mapping[str, Any]]) -> list[str]:
    """Each person once, the most similar first."""
    ordered = sorted(matches, key=lambda one: -one["similarity"])
    return list(dict.fromkeys(one["person"] for one in ordered))


def _rank(own: Sequence[str], theirs: Sequence[str]) -> float | None:
    """Spearman's correlation of the ranks of those whom both found; None of too few."""
    shared = [person for person in own if person in theirs]
    if len(shared) < _MIN_RANKED:
        return None
    places = sorted(shared, key=theirs.index)
    return float(np.corrcoef(range(len(shared)), [places.index(person) for person in shared])[0, 1])


def _threshold(asked: Mapping[str, Any], *names: str) -> float:
    return next((float(asked[name]) for name in names if asked.get(name) is not None), _DEFAULT)
