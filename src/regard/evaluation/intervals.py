"""Rates and means with the interval that they are sure to 95 % to lie in, where observations are not
independent.

A rate of dependent observations is worth as much as one of fewer independent ones, its effective sample size
n = p (1 − p) / V for a variance V that knows of the dependence. The interval is Clopper and Pearson's for n
(Korn and Graubard, Survey Methodology 24, 1998), which holds for rates near zero and for none at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

CONFIDENCE = 0.95
_NORMAL = 1.959964  # of 95 %
_ENOUGH = 10  # clusters in which it happened, to see how they vary
_STEPS = 200  # of a continued fraction, of a bisection


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of trials, 0 to 1, between `low` and `high` at 95 % confidence.

    `events`: in how many trials it happened. `effective`: how many independent trials tell as much.
    """

    value: float
    low: float
    high: float
    events: int
    trials: int
    effective: float

    @classmethod
    def of(cls, value: float, *, events: int, trials: int, effective: float) -> Rate:
        low, high = clopper_pearson(value * effective, effective)
        return cls(value, low, high, events, trials, effective)

    @classmethod
    def counted(cls, events: int, trials: int) -> Rate:
        """Of trials that are independent of each other."""
        return cls.of(events / trials, events=events, trials=trials, effective=trials)

    def interval(self, confidence: float) -> tuple[float, float]:
        return clopper_pearson(self.value * self.effective, self.effective, confidence)

    def complement(self) -> Rate:
        return Rate(
            1 - self.value,
            1 - self.high,
            1 - self.low,
            self.trials - self.events,
            self.trials,
            self.effective,
        )


@dataclass(frozen=True, slots=True)
class Mean:
    """An average, between `low` and `high` at 95 % confidence, of `count` values."""

    value: float
    low: float
    high: float
    count: int


def clustered_rate(happened: ArrayLike, clusters: ArrayLike, *, each_cluster_alike: bool = False) -> Rate:
    """The share of true in `happened` (N,), where what has the same number in `clusters` (N,) depends on each
    other, such as the pictures of one person. `each_cluster_alike` gives every cluster the same weight.

    Where it happened in fewer than ten clusters, or failed to, each counts as one trial at most: how much
    they vary can't be seen.
    """
    outcome = np.asarray(happened, np.float64)
    cluster = np.unique(np.asarray(clusters), return_inverse=True)[1]
    sizes = np.bincount(cluster).astype(np.float64)
    weights = 1 / sizes[cluster] if each_cluster_alike else np.ones(len(outcome))
    value = float(weights @ outcome / weights.sum())
    variance = _between(_sums(cluster, weights * (outcome - value)), float(weights.sum()))
    many, events = len(sizes), int(outcome.sum())
    happened_to = int((np.bincount(cluster, outcome) > 0).sum())
    spared = int((np.bincount(cluster, 1 - outcome) > 0).sum())
    max_trials = float(many if min(happened_to, spared) < _ENOUGH else len(outcome))
    if variance > 0 and many > 1:
        effective = min(value * (1 - value) / variance * (_NORMAL / student(many - 1)) ** 2, max_trials)
    else:
        effective = float(many)
    return Rate.of(value, events=events, trials=len(outcome), effective=effective)


def clustered_mean(values: ArrayLike, clusters: ArrayLike) -> Mean | None:
    """The average of values (N,); those of one cluster depend on each other. None of one cluster."""
    numbers = np.asarray(values, np.float64)
    cluster = np.unique(np.asarray(clusters), return_inverse=True)[1]
    many = int(cluster.max(initial=-1)) + 1
    if many < 2:
        return None
    value = float(numbers.mean())
    variance = _between(_sums(cluster, numbers - value), float(len(numbers)))
    reach = student(many - 1) * math.sqrt(variance)
    return Mean(value, value - reach, value + reach, len(numbers))


def _sums(cluster: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.bincount(cluster, values).astype(np.float64)


def _between(off: NDArray[np.float64], total: float) -> float:
    """The variance of a mean from each cluster's summed deviation from it."""
    many = len(off)
    return float((off**2).sum()) / total**2 * many / max(many - 1, 1)


@lru_cache(maxsize=4096)
def clopper_pearson(events: float, trials: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """The exact interval of a binomial rate; both may be fractions. (0, 1) of no trials."""
    if trials <= 0:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = 0.0 if events <= 0 else beta_quantile(tail, events, trials - events + 1)
    high = 1.0 if events >= trials else beta_quantile(1 - tail, events + 1, trials - events)
    return low, high


def student(freedom: int, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's t."""
    share = beta_quantile(1 - confidence, freedom / 2, 0.5)
    return math.sqrt(freedom * (1 / share - 1))


def beta_quantile(share: float, a: float, b: float) -> float:
    """Where the beta distribution's cumulative share is `share`, bisected on a logarithmic scale."""

    def below(log_x: float) -> bool:
        return beta_share(math.exp(log_x), a, b) < share

    return math.exp(_bisect(below, -745.0, 0.0))


def beta_share(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function I_x(a, b), by Lentz's continued fraction (DLMF 8.17.22)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - beta_share(1 - x, b, a)
    front = a * math.log(x) + b * math.log1p(-x) - math.log(a)
    front += math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    value = numerator = 1.0
    denominator = 0.0
    for step in range(_STEPS * 50):
        m = step // 2
        if step == 0:
            factor = 1.0
        elif step % 2:
            factor = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            factor = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / ((1 + factor * denominator) or 1e-300)
        numerator = (1 + factor / numerator) or 1e-300
        value *= numerator * denominator
        if abs(1 - numerator * denominator) < 1e-14:
            break
    return math.exp(front) * (value - 1)


def _bisect(below: Callable[[float], bool], low: float, high: float) -> float:
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if below(middle):
            low = middle
        else:
            high = middle
        if high - low < 1e-13:
            break
    return (low + high) / 2
