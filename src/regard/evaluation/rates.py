"""False match and false non-match rates of a set of faces, and what they mean in a gallery.

The false match rate weighs every pair of people the same, however many pictures they have, the false
non-match rate every person: else the best-known person's pictures would decide.

Pairs that share a person depend on each other: some people resemble many. The variance of the false match
rate counts that (the dyadic cluster-robust variance: Fafchamps and Gubert, J. Development Economics 83,
2007): with e_ij the deviation of the pair of people i, j from the mean, over M pairs, V = (Σ_i (Σ_j e_ij)² −
Σ_{i<j} e_ij²) / M².
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.evaluation.intervals import Rate, clopper_pearson, clustered_rate, student
from regard.evaluation.pairs import Numbers, Pairs

_NORMAL = 1.959964
_ENOUGH = 10  # pairs of people that were taken for each other, to see how they depend on each other
_PLENTY = 50  # the same, to say how differently often people are
# The squared coefficient of variation of people's own false match rates where a set can't show it: on LFW it
# is 1.6 at a rate of 1e-3, 6 at 1e-4 and 9 at 3e-5.
_UNEVEN = 5.0
GALLERIES = (1_000, 25_000, 300_000, 10_000_000)

Doubles = NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Dyads:
    """The pairs of people with at least one false match: (K, 2), and the share of their face pairs, (K,).

    `weights`: (P,); a pair of people weighs the product of theirs.
    """

    people: Numbers
    shares: Doubles
    weights: Doubles


def dyads(pairs: Pairs, distance: float, *, every_picture: bool = False) -> Dyads:
    """The pairs of people of whom faces are at most `distance` apart. Raises ValueError beyond the radius.

    A pair of people weighs 1, or, with `every_picture`, as many as their pairs of pictures are.
    """
    if distance > pairs.radius * (1 + 1e-6):
        raise ValueError(f"pairs are known up to a distance of {pairs.radius}, not {distance}")
    sizes = np.bincount(pairs.people).astype(np.float64)
    owners = np.sort(pairs.people[pairs.near[pairs.near_distance <= distance]], axis=1)
    keys, hits = np.unique(owners[:, 0] * len(sizes) + owners[:, 1], return_counts=True)
    both = np.stack(np.divmod(keys, max(len(sizes), 1)), 1)
    weights = sizes if every_picture else np.ones(len(sizes))
    return Dyads(both, hits / (sizes[both[:, 0]] * sizes[both[:, 1]]), weights)


def false_match_rate(
    pairs: Pairs, distance: float, *, unevenness: float = 0.0, every_picture: bool = False
) -> Rate | None:
    """How often two people are taken for one, at most `distance` apart. None of fewer than two people.

    `events` and `trials` are pairs of people. Where fewer than ten were taken for each other, how much they
    depend on each other is taken from `unevenness`, which `unevenness_of` measures on a larger set.
    """
    if pairs.person_count < 2:
        return None
    found = dyads(pairs, distance, every_picture=every_picture)
    value, variance, max_trials = _moments(found)
    many = pairs.person_count
    if len(found.shares) >= _ENOUGH and variance > 0:
        effective = value * (1 - value) / variance * (_NORMAL / student(many - 1)) ** 2
    else:
        uneven = max(unevenness, _UNEVEN)
        worst = clopper_pearson(value * max_trials, max_trials)[1]
        effective = max_trials / (1 + 2 * (many - 2) * worst * uneven)
    events = len(found.shares)
    return Rate.of(value, events=events, trials=pairs.person_pairs, effective=min(effective, max_trials))


def unevenness_of(pairs: Pairs, distance: float) -> float:
    """How differently often people are taken for others: the squared coefficient of variation of their own
    false match rates. With it the variance is 1 + 2 (P − 2) · FMR · unevenness times that of independent
    pairs. 0 where too few were taken for each other to see it.
    """
    found = dyads(pairs, distance)
    if len(found.shares) < _PLENTY or pairs.person_count < 3:
        return 0.0
    value, variance, max_trials = _moments(found)
    inflation = variance / (value * (1 - value) / max_trials)
    return max((inflation - 1) / (2 * (pairs.person_count - 2) * value), 0.0)


def _moments(found: Dyads) -> tuple[float, float, float]:
    """The weighted rate, its variance, and the number of independent pairs that it is worth at most."""
    own = found.weights
    total = (own.sum() ** 2 - (own**2).sum()) / 2
    squares = ((own**2).sum() ** 2 - (own**4).sum()) / 2
    first, second = found.people.T
    weight = own[first] * own[second]
    hits = weight * found.shares
    value = float(hits.sum() / total)
    of_person = np.bincount(first, hits, len(own)) + np.bincount(second, hits, len(own))
    off = of_person - value * own * (own.sum() - own)
    pair_off = (hits**2).sum() - 2 * value * (hits * weight).sum() + value**2 * squares
    variance = float(((off**2).sum() - pair_off) / total**2)
    return value, variance, float(total**2 / squares)


def false_non_match_rate(pairs: Pairs, distance: float) -> Rate | None:
    """How often two pictures of one person are further apart. None where nobody has two pictures.

    `trials` are pairs of pictures, `events` those that were missed.
    """
    if not len(pairs.genuine):
        return None
    return clustered_rate(pairs.genuine_distance > distance, pairs.own, each_cluster_alike=True)


def distance_at_rate(pairs: Pairs, rate: float) -> float:
    """The largest distance whose false match rate is at most `rate`; below 0 where no distance has it.

    Raises ValueError beyond the radius.
    """
    sizes = np.bincount(pairs.people).astype(np.float64)
    owners = pairs.people[pairs.near]
    order = np.argsort(pairs.near_distance, kind="stable")
    share = np.cumsum((1 / (sizes[owners[:, 0]] * sizes[owners[:, 1]]))[order]) / pairs.person_pairs
    place = int(np.searchsorted(share, rate, side="right"))
    if place == len(share):
        raise ValueError(f"pairs are known up to a false match rate of {share[-1] if place else 0:.1e} only")
    return float(np.nextafter(pairs.near_distance[order[place]], np.float32(-1)))


def true_match_rate_at(pairs: Pairs, rate: float) -> Rate | None:
    """The share of genuine pairs that match at the distance with this false match rate.

    The interval is that of the genuine pairs; that the distance was measured too is not in it.
    """
    missed = false_non_match_rate(pairs, distance_at_rate(pairs, rate))
    return None if missed is None else missed.complement()


def gallery_rate(rate: float, size: int) -> float:
    """The probability that a search of `size` people finds somebody although the person is not among them."""
    return float(-np.expm1(size * np.log1p(-rate))) if rate < 1 else 1.0
