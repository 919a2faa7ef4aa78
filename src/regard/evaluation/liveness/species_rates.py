"""What a set of scored presentations makes of a card: for each score, how many of each species reach it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regard.evaluation.intervals import clopper_pearson
from regard.vision.liveness.card import LivenessCard, SpeciesCounts
from regard.vision.liveness.parameters import parameters_digest

_SCORES = tuple(round(float(score), 2) for score in np.arange(0.05, 1.801, 0.05))
_ONE_SIDED = 0.9  # the two-sided interval whose upper end bounds a rate with 95 % confidence


@dataclass(frozen=True, slots=True)
class ScoredPresentation:
    """`score`: of light, moved by recapture; minus infinity where there was too little to measure. `is_live`:
    what a network against recaptures says, None without one."""

    species: str
    is_attack: bool
    score: float = -math.inf
    is_live: bool | None = None


def make_card(
    data: str,
    presentations: Sequence[ScoredPresentation],
    *,
    is_simulated: bool,
    recapture: str | None = None,
) -> LivenessCard:
    """A card of presentations among which there is at least one attack, by the worst species at each score.

    `data` says, in a sentence, on what it was measured, `recapture` is the digest of the adapter that moved
    their scores, where one did. Raises ValueError without an attack.
    """
    names = dict.fromkeys((one.species, one.is_attack) for one in presentations)
    species = tuple(_counted(name, is_attack, presentations) for name, is_attack in names)
    attacks = [one for one in species if one.is_attack]
    if not attacks:
        raise ValueError("A card needs presentations of at least one attack.")
    bounds = tuple(
        max(apcer_bound(one.accepted[at], one.presentations) for one in attacks) for at in range(len(_SCORES))
    )
    parameters = parameters_digest(recapture)
    return LivenessCard(data, is_simulated, _SCORES, bounds, species, parameters=parameters)


def apcer_bound(accepted: int, presentations: int) -> float:
    """The upper bound, with 95 % confidence, of an APCER of which so many were seen (Clopper and Pearson)."""
    return clopper_pearson(accepted, presentations, _ONE_SIDED)[1]


def _counted(name: str, is_attack: bool, presentations: Sequence[ScoredPresentation]) -> SpeciesCounts:
    scores = np.array([one.score for one in presentations if one.species == name])
    accepted = tuple(int((scores >= score).sum()) for score in _SCORES)
    return SpeciesCounts(name, is_attack, len(scores), accepted)
