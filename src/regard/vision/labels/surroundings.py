"""How likely an object is where it was found: the detector's word, weighed with what the whole picture shows.

A refrigerator on a road is likelier something else. The classifier's belief in the label, and whether the
picture was taken outdoors or indoors, take the confidence of a class up or down, by the category of its
label. One logistic function, fitted by training/fit_surroundings.py, weighs this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import sigmoid
from regard.vision.labels.objects import FoundClass
from regard.vision.taxonomy import Taxonomy

_UNSURE = 1e-3  # keeps log-odds within ±6.9
_MAX_PLACE = 8.0  # log-odds of outdoors over indoors, either way


def weigh_objects(
    taxonomy: Taxonomy,
    objects: Sequence[FoundClass],
    shares: Mapping[str, float],
    scenes: Mapping[str, float],
) -> list[FoundClass]:
    """The same classes with the confidences that they have in these surroundings.

    `shares` of the classifier's belief and probabilities of `scenes` are by label, 0 to 1. Persons stay as
    they are: they are everywhere.
    """
    where, weights = place(scenes), _weights()
    weighed = []
    for one in objects:
        if one.name != "person":
            found = surroundings(taxonomy, one.name, one.confidence / 100, shares, where)
            one = replace(one, confidence=100 * float(sigmoid(found @ weights[:-1] + weights[-1])))
        weighed.append(one)
    return weighed


def place(scenes: Mapping[str, float]) -> float:
    """From −2, surely indoors, to 2, surely outdoors."""
    odds = _log_odds(scenes.get("Outdoors", 0.0)) - _log_odds(scenes.get("Indoors", 0.0))
    return float(np.clip(odds, -_MAX_PLACE, _MAX_PLACE)) / 4


def surroundings(
    taxonomy: Taxonomy, name: str, probability: float, shares: Mapping[str, float], where: float
) -> NDArray[np.float64]:
    """(3 + 2 C,) for class `name` of COCO: log-odds of the detector's `probability`, 0 to 1; those of the
    label's share, or 0 where the classifier doesn't know it; 1 where it does; then, for each of the C
    categories of labels, the `place` for the label's own and 0 for the others; and for each 1 and 0 so.
    """
    concept = taxonomy.objects[name]
    share = shares.get(concept.name)
    own = np.array([category == concept.category for category in taxonomy.categories], np.float64)
    belief = 0.0 if share is None else _log_odds(share)
    return np.array([_log_odds(probability), belief, float(share is not None), *(own * where), *own])


def _log_odds(probability: float) -> float:
    return float(np.log((probability + _UNSURE) / (1 + _UNSURE - probability)))


@cache
def _weights() -> NDArray[np.float64]:
    text = files("regard.vision.labels").joinpath("surroundings.json").read_text("utf-8")
    return np.array(json.loads(text)["weights"], np.float64)
