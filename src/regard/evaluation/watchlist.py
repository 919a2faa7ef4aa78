"""How many people would be taken for somebody on a watch list although they are not on it.

The test that the ACLU made of Rekognition in 2018: the members of the United States Congress against 25,000
arrest photos, at 80 %. 28 of 535 were matched, and of those 39 % were people of colour, of whom Congress had
20 %.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regard.errors import RegardError
from regard.evaluation.bias import THRESHOLDS, choose_columns
from regard.evaluation.dataset import Dataset
from regard.evaluation.faces import FaceSet, Observation
from regard.evaluation.intervals import Rate, clustered_rate
from regard.evaluation.pairs import Floats, distances_between

_BLOCK = 2048


@dataclass(frozen=True, slots=True)
class WrongMatch:
    """A probe and the picture of somebody else that is most like it, in percent."""

    probe: str
    gallery: str
    similarity: float


@dataclass(frozen=True, slots=True)
class Share:
    """The probes of one group: by threshold, the rate of those that match somebody else.

    `of_probes`: the group's share of the probes whose group is known; `of_wrong`: of those matched wrongly.
    """

    name: str
    people: int
    probes: int
    wrong: Mapping[float, Rate]
    of_probes: float
    of_wrong: Mapping[float, float | None]


@dataclass(frozen=True, slots=True)
class WatchlistAudit:
    """`identified`: whether it is known who is who; else every match counts as wrong.

    `found`: of the probes of people who are in the gallery, the rate of those that match themselves.
    `worst`: the most similar wrong matches; `matched`: how many wrong matches each threshold has.
    """

    model: str
    thresholds: tuple[float, ...]
    identified: bool
    probes: int
    gallery: int
    everyone: Share
    columns: tuple[tuple[str, tuple[Share, ...]], ...]
    found: Mapping[float, Rate | None]
    worst: tuple[WrongMatch, ...]
    no_face: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


def audit_watchlist(
    probes: tuple[Dataset, FaceSet],
    gallery: tuple[Dataset, FaceSet],
    *,
    groups: Sequence[str] = (),
    thresholds: Sequence[float] = THRESHOLDS,
    listed: int = 10,
) -> WatchlistAudit:
    """Compares every probe with the whole gallery. Raises RegardError where one of them has no face."""
    labels, faces = probes
    columns, _ = choose_columns(labels, groups)
    found, enrolled = faces.faces, gallery[1].faces
    for name, observations in (("probes", found), ("gallery", enrolled)):
        if not observations:
            raise RegardError(f"No face was found in any picture of the {name}.")
    identified = labels.identified and gallery[0].identified
    same = _Sameness(found, enrolled) if identified else None
    nearest, which, own = _nearest(faces.rows, gallery[1].rows, same)
    curve = faces.model.curve
    distances = {percent: curve.distance_at(percent) for percent in thresholds}
    # Pictures of one person depend on each other; where nobody is known, each is taken for a person of its
    # own.
    owners = [seen.sample.identity if labels.identified else seen.sample.name for seen in found]

    def share(name: str, column: str | None = None) -> Share:
        known = np.array([column is None or column in seen.sample.groups for seen in found])
        inside = np.array([column is None or seen.sample.groups.get(column) == name for seen in found])
        people = [whose for whose, chosen in zip(owners, inside, strict=True) if chosen]
        wrong = {percent: nearest <= distance for percent, distance in distances.items()}
        return Share(
            name,
            len(set(people)),
            int(inside.sum()),
            {percent: clustered_rate(hit[inside], people) for percent, hit in wrong.items()},
            float(inside.sum() / known.sum()),
            {
                percent: float(hit[inside].sum() / hit[known].sum()) if hit[known].any() else None
                for percent, hit in wrong.items()
            },
        )

    everybody = (*faces.observations, *gallery[1].observations)
    order = [
        place for place in np.argsort(nearest, kind="stable") if nearest[place] <= max(distances.values())
    ]
    return WatchlistAudit(
        faces.model.version,
        tuple(thresholds),
        identified,
        len(found),
        len(enrolled),
        share("everyone"),
        tuple(
            (column, tuple(share(name, column) for name in sorted(_groups(found, column))))
            for column in columns
        ),
        {percent: _found(own, distance, found) for percent, distance in distances.items()},
        tuple(
            WrongMatch(
                found[place].sample.name,
                enrolled[which[place]].sample.name,
                curve.similarity(float(nearest[place])),
            )
            for place in order[:listed]
        ),
        tuple(seen.sample.name for seen in everybody if seen.row is None and seen.error is None),
        labels.refused
        + gallery[0].refused
        + tuple((seen.sample.name, seen.error) for seen in everybody if seen.error),
    )


class _Sameness:
    """Whether a probe and a picture of the gallery show one person."""

    def __init__(self, probes: Sequence[Observation], gallery: Sequence[Observation]) -> None:
        names = [seen.sample.identity for seen in (*probes, *gallery)]
        numbers = np.unique(np.array(names, np.str_), return_inverse=True)[1]
        self._probes, self._gallery = numbers[: len(probes)], numbers[len(probes) :]

    def of(self, top: int, left: int, shape: tuple[int, ...]) -> np.ndarray:
        """(rows, columns), bool, for the block from this probe and this picture of the gallery on."""
        probes = self._probes[top : top + shape[0], None]
        return np.asarray(probes == self._gallery[None, left : left + shape[1]])


def _nearest(rows: Floats, others: Floats, same: _Sameness | None) -> tuple[Floats, np.ndarray, Floats]:
    """Of each probe: how near another person is, where in the gallery, and how near the person's own."""
    nearest, own = (np.full(len(rows), np.inf, np.float32) for _ in range(2))
    which = np.zeros(len(rows), np.int64)
    for top in range(0, len(rows), _BLOCK):
        part = slice(top, top + _BLOCK)
        for left in range(0, len(others), _BLOCK):
            apart = distances_between(rows[part], others[left : left + _BLOCK])
            if same is not None:
                mates = same.of(top, left, apart.shape)
                own[part] = np.minimum(own[part], np.where(mates, apart, np.inf).min(1))
                apart[mates] = np.inf
            best = apart.argmin(1)
            distance = apart[np.arange(len(apart)), best]
            closer = distance < nearest[part]
            which[part] = np.where(closer, best + left, which[part])
            nearest[part] = np.minimum(nearest[part], distance)
    return nearest, which, own


def _found(own: Floats, distance: float, probes: Sequence[Observation]) -> Rate | None:
    enrolled = np.isfinite(own)
    if not enrolled.any():
        return None
    people = [seen.sample.identity for seen, chosen in zip(probes, enrolled, strict=True) if chosen]
    return clustered_rate(own[enrolled] <= distance, people)


def _groups(observations: Sequence[Observation], column: str) -> set[str]:
    return {seen.sample.groups[column] for seen in observations if column in seen.sample.groups}
