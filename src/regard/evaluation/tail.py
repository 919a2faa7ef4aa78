"""False match rates too small for the pairs at hand to show: extrapolated from the nearest thousandth.

Of the pairs within a distance u, how much nearer they are, z = ln(u / d), follows a generalised Pareto
distribution (Pickands 1975; on the logarithm, since a distance ends at zero): of those a share (1 + ξ z /
σ)^(−1/ξ) is nearer than d. ξ and σ are fitted by probability-weighted moments (Hosking and Wallis,
Technometrics 29, 1987). ξ < 0 would mean that beyond some distance nobody is ever taken for another: too good
to be told from few pairs, so that ξ is held at 0 there, where the rate is a power of the distance.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.evaluation.pairs import Pairs
from regard.evaluation.rates import distance_at_rate

_DRAWS = 400  # of people, for the interval
_FEWEST = 100  # pairs of people that a tail is fitted to

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Tail:
    """The nearest pairs of two people. `fits`: (1 + draws, 3): rate at `start`, ξ, σ; the first of all
    people.
    """

    start: float
    fits: Doubles

    def rate(self, distance: float) -> tuple[float, float, float]:
        """The false match rate at a distance up to `start`, and its 95 % interval by drawing people anew."""
        beyond = math.log(self.start / distance)
        rates = _survival(beyond, self.fits)
        low, high = np.quantile(rates[1:], (0.025, 0.975))
        return float(rates[0]), float(low), float(high)


def fit_tail(pairs: Pairs, *, share: float = 1e-3, seed: int = 0) -> Tail | None:
    """The tail below the distance at which the false match rate is `share`. None where too few pairs are in
    it.

    Each draw takes people with replacement; a pair of people weighs the product of how often both were drawn.
    """
    try:
        start = distance_at_rate(pairs, share)
    except ValueError:  # so many pairs are not known
        start = pairs.radius
    inside = pairs.near_distance < start
    owners = pairs.people[pairs.near[inside]]
    sizes = np.bincount(pairs.people)
    if len(np.unique(np.sort(owners, 1), axis=0)) < _FEWEST:
        return None
    order = np.argsort(-pairs.near_distance[inside], kind="stable")  # so that z rises
    beyond = np.log(start / np.maximum(pairs.near_distance[inside][order].astype(np.float64), 1e-9))
    first, second = owners[order].T
    weights = 1 / (sizes[first] * sizes[second])
    random = np.random.default_rng(seed)
    fits = [_fit(beyond, weights, pairs.person_pairs)]
    for _ in range(_DRAWS):
        drawn = np.bincount(random.integers(0, len(sizes), len(sizes)), minlength=len(sizes))
        total = (drawn.sum() ** 2 - (drawn**2).sum()) / 2
        fits.append(_fit(beyond, weights * drawn[first] * drawn[second], total))
    return Tail(start, np.array(fits))


def _fit(beyond: Doubles, weights: Doubles, total: float) -> tuple[float, float, float]:
    inside = weights.sum()
    if inside <= 0:
        return 0.0, 0.0, 1.0
    above = 1 - (np.cumsum(weights) - weights / 2) / inside  # the share that is further beyond
    mean = float(weights @ beyond / inside)
    tilted = float(weights @ (beyond * above) / inside)
    shape = 2 - mean / (mean - 2 * tilted)
    if shape <= 0:
        return inside / total, 0.0, mean
    return inside / total, shape, 2 * mean * tilted / (mean - 2 * tilted)


def _survival(beyond: float, fits: Doubles) -> Doubles:
    rate, shape, scale = fits.T
    straight = shape < 1e-9
    curve = np.where(straight, 1.0, shape)
    share = np.where(straight, np.exp(-beyond / scale), (1 + curve * beyond / scale) ** (-1 / curve))
    return np.asarray(rate * share)
