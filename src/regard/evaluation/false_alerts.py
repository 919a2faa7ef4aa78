"""How often a search of live video alerts of somebody who is on no list, by what a model card measured."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from regard.evaluation.card import AtThreshold, Measured, ModelCard
from regard.evaluation.rates import gallery_rate


@dataclass(frozen=True, slots=True)
class FalseAlertRate:
    """What is to be expected of a search among `faces` enrolled faces.

    `false_match` is the rate at which two people are taken for one, `per_passer` the probability that
    somebody who passes resembles one of the faces though they are none of them. Its upper bound holds if all
    searches for a face went wrong independently of each other; they don't, since they are of one face.
    """

    faces: int
    false_match: Measured
    per_passer: Measured

    @classmethod
    def of(cls, card: ModelCard, threshold: float, faces: int, searches: int) -> FalseAlertRate:
        """By a card, at a similarity in percent; each face that passes is searched for `searches` times at
        most. Raises ValueError for a similarity below those that the card has.
        """
        rate = false_match_at(card, threshold)
        low, value = gallery_rate(rate.low, faces), gallery_rate(rate.value, faces)
        high = gallery_rate(rate.high, faces * searches)
        return cls(faces, rate, Measured(value, low, high, rate.extrapolated))

    def expected(self, passers: float) -> Measured:
        """How many false alerts are to be expected of so many passers-by."""
        return _each(self.per_passer, self.per_passer, lambda one, _: one * passers)


def false_match_at(card: ModelCard, threshold: float) -> Measured:
    """The false match rate at a similarity in percent.

    Between two similarities that the card has, it is a power of the distance, as it is in the tail that the
    card is extrapolated by; above the last it is that of the last, and less in truth. Raises ValueError below
    the first.
    """
    rates = sorted(card.rates, key=lambda one: one.threshold)
    if not rates or threshold < rates[0].threshold:
        raise ValueError("The model card has no false match rate at so low a similarity.")
    for below, above in pairwise(rates):
        if threshold <= above.threshold:
            return _between(below, above, threshold)
    last = rates[-1].false_match
    return Measured(last.value, 0.0, last.high, extrapolated=True)


def _between(below: AtThreshold, above: AtThreshold, threshold: float) -> Measured:
    """A line between the logarithms of the rates, over that of the distance: the odds of the similarity are a
    power of the distance, whatever the face model's curve.
    """
    start, end = _log_odds(below.threshold), _log_odds(above.threshold)
    share = (_log_odds(threshold) - start) / (end - start)

    def power(one: float, other: float) -> float:
        return math.exp((1 - share) * math.log(one) + share * math.log(other)) if one > 0 < other else 0.0

    return _each(below.false_match, above.false_match, power)


def _each(one: Measured, other: Measured, joined: Callable[[float, float], float]) -> Measured:
    """Two numbers joined into one, and so are their bounds."""
    return Measured(
        joined(one.value, other.value),
        joined(one.low, other.low),
        joined(one.high, other.high),
        one.extrapolated or other.extrapolated,
    )


def _log_odds(percent: float) -> float:
    return math.log(percent / (100 - percent))
