"""Every pair of faces of a set: those of one person, and of two people those that lie near each other.

Of N faces there are N² / 2 pairs, nearly all of two people who don't resemble each other. Only the near ones
are kept; the others are known by their number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.errors import RegardError

Floats = NDArray[np.float32]
Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]

_BLOCK = 2048  # faces: a block of distances takes 16 MB
_MAX_NEAR = 20_000_000
_MAX_GENUINE = 20_000  # pairs of one person's pictures; of more a sample is as good
_ROUNDING = 1.0001  # so that the pair that a radius was taken from is within it
_SAMPLE = 3000  # faces, to guess from how near the nearest thousandth are


@dataclass(frozen=True, eq=False, slots=True)
class Pairs:
    """The pairs of N faces of P people.

    `people`: (N,), whose face each is, 0 to P − 1. `near`: (H, 2), the faces of two people that are at most
    `radius` apart, and `near_distance`: (H,). `genuine`: (G, 2), the faces of one person, and their
    distances.
    """

    people: Numbers
    radius: float
    near: Numbers
    near_distance: Floats
    genuine: Numbers
    genuine_distance: Floats

    @property
    def person_count(self) -> int:
        return int(self.people.max(initial=-1)) + 1

    @property
    def person_pairs(self) -> int:
        """How many pairs of two people there are."""
        return self.person_count * (self.person_count - 1) // 2

    @property
    def face_pairs(self) -> int:
        """How many pairs of faces of two people there are."""
        sizes = np.bincount(self.people)
        return int((sizes.sum() ** 2 - (sizes**2).sum()) // 2)

    @property
    def own(self) -> Numbers:
        """(G,), whose each genuine pair is."""
        return self.people[self.genuine[:, 0]]

    def within(self, chosen: Mask) -> Pairs:
        """The pairs with both faces among the chosen ones; `chosen` is (N,)."""
        place = np.cumsum(chosen) - 1
        _, people = np.unique(self.people[chosen], return_inverse=True)
        near, genuine = (chosen[pairs].all(1) for pairs in (self.near, self.genuine))
        return Pairs(
            people.astype(np.int64),
            self.radius,
            place[self.near[near]],
            self.near_distance[near],
            place[self.genuine[genuine]],
            self.genuine_distance[genuine],
        )


def all_pairs(rows: Floats, names: Sequence[str], *, radius: float, share: float = 1e-3) -> Pairs:
    """The pairs of faces with embeddings `rows`, (N, D), and whose they are.

    Pairs of two people are kept up to a distance of `radius`, and at least about the nearest `share` of them.
    Raises RegardError where that are more than can be kept.
    """
    people = np.unique(np.asarray(names, np.str_), return_inverse=True)[1].astype(np.int64)
    radius = max(radius, _guess(rows, people, share))
    near, distances = _near(rows, people, radius)
    genuine = _genuine(people)
    apart = np.concatenate(
        [
            np.linalg.norm(rows[part[:, 0]] - rows[part[:, 1]], axis=1)
            for part in np.array_split(genuine, len(genuine) // 100_000 + 1)
        ]
    )
    return Pairs(people, radius, near, distances, genuine, apart.astype(np.float32))


def distances_between(rows: Floats, others: Floats) -> Floats:
    """Euclidean distances (N, M) of rows (N, D) and others (M, D)."""
    squares = _squares(rows, others)
    distances: Floats = np.sqrt(np.maximum(squares, 0, out=squares), out=squares)
    return distances


def _squares(rows: Floats, others: Floats) -> Floats:
    squares: Floats = rows @ (-2 * others.T)
    squares += (rows**2).sum(1)[:, None]
    squares += (others**2).sum(1)[None]
    return squares


def _near(rows: Floats, people: Numbers, radius: float) -> tuple[Numbers, Floats]:
    pairs, distances, count = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)], 0
    for top in range(0, len(rows), _BLOCK):
        for left in range(top, len(rows), _BLOCK):
            squares = _squares(rows[top : top + _BLOCK], rows[left : left + _BLOCK])
            first, second = np.divmod(np.flatnonzero(squares <= radius**2), squares.shape[1])
            distance = np.sqrt(np.maximum(squares[first, second], 0))
            first, second = first + top, second + left
            kept = (first < second) & (people[first] != people[second])
            pairs.append(np.stack([first[kept], second[kept]], 1))
            distances.append(distance[kept])
            count += int(kept.sum())
            if count > _MAX_NEAR:
                raise RegardError(
                    f"More than {_MAX_NEAR:,} pairs of pictures that are said to show two people look "
                    "alike: are the identities right?"
                )
    return np.concatenate(pairs), np.concatenate(distances)


def _genuine(people: Numbers) -> Numbers:
    random = np.random.default_rng(0)
    order = np.argsort(people, kind="stable")
    found = [np.empty((0, 2), np.int64)]
    for faces in np.split(order, np.cumsum(np.bincount(people))[:-1]):
        pairs = np.stack(np.triu_indices(len(faces), 1), 1)
        if len(pairs) > _MAX_GENUINE:
            pairs = pairs[random.choice(len(pairs), _MAX_GENUINE, replace=False)]
        found.append(faces[pairs])
    return np.concatenate(found)


def _guess(rows: Floats, people: Numbers, share: float) -> float:
    """The distance within which about this share of the pairs of two people are, from a sample."""
    chosen = np.random.default_rng(0).permutation(len(rows))[:_SAMPLE]
    apart = distances_between(rows[chosen], rows[chosen])
    strangers = apart[people[chosen][:, None] != people[chosen][None]]
    return float(np.quantile(strangers, share)) * _ROUNDING if len(strangers) else 0.0
