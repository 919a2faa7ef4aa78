"""How likely a label of the whole picture is, by what classifier and object detector say together.

The classifier takes every picture for one of a single subject. Its belief is taken up where the detector
finds the same, and down where something else fills the picture, or where the detector should have found the
label's object and has not. One logistic function, fitted by training/fit_classes.py, weighs this.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import sigmoid
from regard.vision.labels.classes import SIDE, kind_labels
from regard.vision.labels.objects import FoundClass
from regard.vision.taxonomy import Taxonomy

MIN_SHARE = 0.01  # of the classifier's belief; a label of less is not told by it
_UNSURE = 0.03  # keeps the log-odds of what the detector says within ±3.5


def class_probabilities(
    taxonomy: Taxonomy, shares: Mapping[str, float], objects: Sequence[FoundClass], width: int, height: int
) -> dict[str, float]:
    """The probability, 0 to 1, of each label of whose classes the classifier believes MIN_SHARE.

    `width` and `height`: of the picture, px.
    """
    names = [name for name, share in shares.items() if share >= MIN_SHARE]
    facts = agreement(taxonomy, names, shares, objects, width, height)
    weights = _weights()
    return dict(zip(names, sigmoid(facts @ weights[:-1] + weights[-1]).tolist(), strict=True))


def agreement(
    taxonomy: Taxonomy,
    names: Sequence[str],
    shares: Mapping[str, float],
    objects: Sequence[FoundClass],
    width: int,
    height: int,
) -> NDArray[np.float64]:
    """(N, 7), for each label of `names`: log-odds of its share; 1 where it is a kind, not only what several
    kinds are; 1 where the detector knows its object; log-odds of that object; how much of the picture another
    object fills, and a person; by how much the picture is too small for the classifier, as a logarithm.
    """
    seen = {taxonomy.objects[one.name].name: one for one in objects}
    filled = {name: _filled(one, width * height) for name, one in seen.items()}
    small = max(0.0, float(np.log(SIDE / np.sqrt(width * height))))
    person = filled.pop("Person", 0.0)
    kinds = kind_labels()
    rows = []
    for name in names:
        line = (name, *taxonomy.concepts[name].parents)
        known = [other for other in line if taxonomy.concepts[other].object]
        surest = max((seen[other].confidence / 100 for other in known if other in seen), default=0.0)
        others = [
            part
            for other, part in filled.items()
            if other not in line and name not in taxonomy.concepts[other].parents
        ]
        own = _log_odds(surest) if known else 0.0
        rows.append(
            (
                _log_odds(shares[name], 1e-4),
                float(name in kinds),
                float(bool(known)),
                own,
                max(others, default=0.0),
                person,
                small,
            )
        )
    return np.array(rows, np.float64).reshape(-1, 7)


def _filled(one: FoundClass, area: float) -> float:
    """The part of the picture that its largest instance fills, times how likely that is there."""
    return max((min(box.box.area / area, 1) * box.confidence / 100 for box in one.instances), default=0.0)


def _log_odds(probability: float, unsure: float = _UNSURE) -> float:
    return float(np.log((probability + unsure) / (1 + unsure - probability)))


@cache
def _weights() -> NDArray[np.float64]:
    text = files("regard.vision.labels").joinpath("classes.json").read_text("utf-8")
    return np.array(json.loads(text)["weights"], np.float64)
