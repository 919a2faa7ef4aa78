"""Whether a rate differs between groups, or only seems to."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import permutations

from regard.evaluation.bias import Column
from regard.evaluation.intervals import CONFIDENCE, Rate

_NORMAL = 1.96
_UNLIKE = 1.25  # a ratio below is none to search for


@dataclass(frozen=True, slots=True)
class Comparison:
    """The two groups that differ most, and by what: `worse` has the higher rate.

    `ratio` is infinite where the better group's rate is zero. `ratio_bound`: the ratio that is sure to 95 %,
    whichever pair of groups of the column had been compared; above 1 the difference is real.
    """

    worse: str
    better: str
    ratio: float
    ratio_bound: float

    @property
    def is_real(self) -> bool:
        return self.ratio_bound > 1


@dataclass(frozen=True, slots=True)
class GroupRates:
    """One rate over the groups of one column. `comparison` is None where it is zero in all of them."""

    column: str
    measure: str
    threshold: float | None
    rates: Mapping[str, Rate]
    comparison: Comparison | None


def group_rates(column: Column, thresholds: tuple[float, ...]) -> Iterator[GroupRates]:
    """What can be compared: every rate that two groups or more have."""

    def rates_of(
        measure: str, threshold: float | None, measured: Mapping[str, Rate | None]
    ) -> Iterator[GroupRates]:
        rates = {name: rate for name, rate in measured.items() if rate is not None}
        if len(rates) > 1:
            yield GroupRates(column.name, measure, threshold, rates, compare(rates))

    for at in thresholds:
        yield from rates_of("false_match", at, {group.name: group.false_match[at] for group in column.groups})
    for at in thresholds:
        yield from rates_of(
            "false_non_match", at, {group.name: group.false_non_match[at] for group in column.groups}
        )
    yield from rates_of("not_found", None, {group.name: group.not_found for group in column.groups})
    yield from rates_of("gender_error", None, {group.name: group.gender_error for group in column.groups})


def compare(rates: Mapping[str, Rate]) -> Comparison | None:
    """The pair of groups whose rates differ most surely; where none does, the highest and the lowest.

    None of fewer than two groups, or where all rates are zero. The interval of a ratio is made of those of
    the rates on a log scale (MOVER: Donner and Zou, Statistical Methods in Medical Research 21, 2012), each
    at a confidence that allows for the number of pairs of groups (Bonferroni).
    """
    if len(rates) < 2 or all(rate.value == 0 for rate in rates.values()):
        return None
    pairs = len(rates) * (len(rates) - 1) // 2
    confidence = 1 - (1 - CONFIDENCE) / pairs
    bounds = {name: rate.interval(confidence) for name, rate in rates.items()}

    def lower_bound(worse: str, better: str) -> float:
        high, low = rates[worse].value, rates[better].value
        if high <= low or not bounds[worse][0]:
            return 0.0
        if low == 0:
            return bounds[worse][0] / bounds[better][1]
        spread = math.hypot(math.log(high / bounds[worse][0]), math.log(bounds[better][1] / low))
        return high / low * math.exp(-spread)

    worse, better = max(permutations(rates, 2), key=lambda pair: lower_bound(*pair))
    if lower_bound(worse, better) <= 1:
        worse, better = (choose(rates, key=lambda name: rates[name].value) for choose in (max, min))
    low = rates[better].value
    ratio = rates[worse].value / low if low else math.inf
    return Comparison(worse, better, ratio, lower_bound(worse, better))


def needed(worse: Rate, better: Rate) -> float | None:
    """How many times as many independent trials each group would need for the difference to be sure.

    A rate of zero is taken for half of the other. None where they are too alike to search for a difference.
    """
    low = better.value or worse.value / 2
    ratio = worse.value / low
    if ratio < _UNLIKE:
        return None
    trials = (_NORMAL / math.log(ratio)) ** 2 * ((1 - worse.value) / worse.value + (1 - low) / low)
    return max(trials / min(worse.effective, better.effective), 1.0)
