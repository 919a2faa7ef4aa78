"""The measured part of a model card, from the pairs of a set of faces."""

from __future__ import annotations

from collections.abc import Sequence

from regard.collections.similarity import SimilarityCurve
from regard.evaluation.card import AtThreshold, CardGroup, GalleryRate, Measured
from regard.evaluation.intervals import Rate
from regard.evaluation.pairs import Mask, Pairs
from regard.evaluation.rates import (
    GALLERIES,
    false_match_rate,
    false_non_match_rate,
    gallery_rate,
    unevenness_of,
)
from regard.evaluation.tail import Tail, fit_tail

_SEEN = 10  # pairs of people that were taken for each other: with fewer, the tail says more than the count
SEARCHED = (80.0, 95.0, 99.0)


def rates_at(
    pairs: Pairs, curve: SimilarityCurve, thresholds: Sequence[float], *, uneven: float = 0.0
) -> tuple[AtThreshold, ...]:
    """False and true match rates at similarities, percent, by `curve`. Raises ValueError of fewer than two
    people.
    """
    tail = fit_tail(pairs)
    return tuple(_at(pairs, percent, curve.distance_at(percent), tail, uneven) for percent in thresholds)


def _at(pairs: Pairs, percent: float, distance: float, tail: Tail | None, uneven: float) -> AtThreshold:
    wrong = false_match_rate(pairs, distance, unevenness=uneven)
    missed = false_non_match_rate(pairs, distance)
    if wrong is None:
        raise ValueError("one person has no strangers")
    if wrong.events < _SEEN and tail is not None and distance < tail.start:
        false_match = Measured(*tail.rate(distance), extrapolated=True)
    else:
        false_match = _measured(wrong)
    return AtThreshold(
        percent, distance, false_match, None if missed is None else _measured(missed.complement())
    )


def groups_of(
    pairs: Pairs, groups: Sequence[tuple[str, Mask]], curve: SimilarityCurve, thresholds: Sequence[float]
) -> tuple[CardGroup, ...]:
    """Each group's rates among its own people; `groups` are names with (N,), who belongs to it."""
    uneven = max(unevenness_of(pairs, curve.distance_at(percent)) for percent in thresholds)
    inside = [(name, pairs.within(chosen)) for name, chosen in groups]
    return tuple(
        CardGroup(
            name, part.person_count, part.person_pairs, rates_at(part, curve, thresholds, uneven=uneven)
        )
        for name, part in inside
    )


def galleries_of(rates: Sequence[AtThreshold]) -> tuple[GalleryRate, ...]:
    """What a search finds wrongly, 1 − (1 − FMR)^N, at the thresholds that are searched with."""
    searched = [rate for rate in rates if rate.threshold in SEARCHED]
    return tuple(
        GalleryRate(size, rate.threshold, _in_gallery(rate.false_match, size))
        for size in GALLERIES
        for rate in searched
    )


def _in_gallery(rate: Measured, size: int) -> Measured:
    value, low, high = (gallery_rate(bound, size) for bound in (rate.value, rate.low, rate.high))
    return Measured(value, low, high, rate.extrapolated)


def _measured(rate: Rate) -> Measured:
    return Measured(rate.value, rate.low, rate.high)
