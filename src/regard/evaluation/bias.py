"""How a face model's errors differ between groups of people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from regard.collections.similarity import SimilarityCurve
from regard.errors import RegardError
from regard.evaluation.dataset import AGE, AGES, Dataset
from regard.evaluation.faces import FaceSet, Observation
from regard.evaluation.intervals import Mean, Rate, clustered_mean, clustered_rate
from regard.evaluation.pairs import Pairs, all_pairs
from regard.evaluation.rates import false_match_rate, false_non_match_rate, unevenness_of

THRESHOLDS = (80.0, 95.0, 99.0)
_MAX_GROUPS = 20  # of a column that is taken unasked: one with more is a name or a number


@dataclass(frozen=True, slots=True)
class Group:
    """What was measured of one group; None of what its pictures can't tell.

    `false_match` and `false_non_match`: by threshold in percent, between people of the group alone.
    `age_error`: years that the age is off, whichever way; `age_shift`: too old is positive.
    """

    name: str
    people: int
    pictures: int
    faces: int
    not_found: Rate | None
    false_match: Mapping[float, Rate | None]
    false_non_match: Mapping[float, Rate | None]
    age_error: Mean | None = None
    age_shift: Mean | None = None
    gender_error: Rate | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """The groups of one column of the labels. `unknown`: pictures whose group isn't given."""

    name: str
    groups: tuple[Group, ...]
    unknown: int


@dataclass(frozen=True, slots=True)
class Alike:
    """Two pictures that are said to show two people, and how alike they are, in percent."""

    first: str
    second: str
    similarity: float


@dataclass(frozen=True, slots=True)
class BiasAudit:
    """`left_out`: columns with too many values to be groups. `no_face` and `unreadable`: names of files.

    `nearest_strangers`: the most similar pictures of two people, at least as similar as the highest
    threshold. Where they show one person, the labels are wrong, and the false match rates too high.
    """

    model: str
    thresholds: tuple[float, ...]
    everyone: Group
    columns: tuple[Column, ...]
    left_out: tuple[str, ...]
    nearest_strangers: tuple[Alike, ...]
    no_face: tuple[str, ...]
    unreadable: tuple[tuple[str, str], ...]


def choose_columns(dataset: Dataset, chosen: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The group columns to measure and those left out. Raises RegardError for one that isn't there."""
    for name in chosen:
        if name not in dataset.columns:
            there = ", ".join(dataset.columns) or "none"
            raise RegardError(f"The labels have no group column {name}; there are: {there}.")
    if chosen:
        return tuple(dict.fromkeys(chosen)), ()
    sizes = {name: len(_values(dataset, name)) for name in dataset.columns}
    return (
        tuple(name for name, size in sizes.items() if 0 < size <= _MAX_GROUPS),
        tuple(name for name, size in sizes.items() if size > _MAX_GROUPS),
    )


def audit_bias(
    dataset: Dataset,
    faces: FaceSet,
    *,
    groups: Sequence[str] = (),
    thresholds: Sequence[float] = THRESHOLDS,
    listed: int = 10,
) -> BiasAudit:
    """Measures every group of every chosen column, and names the `listed` similar pictures of two people.

    Raises RegardError where no picture has a face.
    """
    columns, left_out = choose_columns(dataset, groups)
    found = faces.faces
    if not found:
        raise RegardError("No face was found in any picture.")
    curve = faces.model.curve
    pairs = all_pairs(
        faces.rows,
        [seen.sample.identity for seen in found],
        radius=max(curve.distance_at(percent) for percent in thresholds),
    )
    distances = {percent: curve.distance_at(percent) for percent in thresholds}
    uneven = max(unevenness_of(pairs, distance) for distance in (pairs.radius, *distances.values()))

    def measure(name: str, column: str | None = None) -> Group:
        def belongs(seen: Observation) -> bool:
            return column is None or seen.sample.groups.get(column) == name

        inside = np.array([belongs(seen) for seen in found])
        observations = [seen for seen in faces.readable if belongs(seen)]
        return _measure(name, observations, pairs.within(inside), distances, uneven)

    return BiasAudit(
        faces.model.version,
        tuple(thresholds),
        measure("everyone"),
        tuple(
            Column(
                column,
                tuple(measure(name, column) for name in _values(dataset, column)),
                sum(column not in seen.sample.groups for seen in faces.readable),
            )
            for column in columns
        ),
        left_out,
        _nearest_strangers(pairs, found, curve, max(thresholds), listed),
        tuple(seen.sample.name for seen in faces.readable if seen.row is None),
        dataset.refused + tuple((seen.sample.name, seen.error) for seen in faces.observations if seen.error),
    )


def _values(dataset: Dataset, column: str) -> list[str]:
    there = {sample.groups[column] for sample in dataset.samples if column in sample.groups}
    return sorted(there, key=AGES.index if column == AGE else None)


def _nearest_strangers(
    pairs: Pairs, observations: Sequence[Observation], curve: SimilarityCurve, percent: float, listed: int
) -> tuple[Alike, ...]:
    order = np.argsort(pairs.near_distance, kind="stable")[:listed]
    return tuple(
        Alike(
            observations[first].sample.name,
            observations[second].sample.name,
            curve.similarity(float(apart)),
        )
        for (first, second), apart in zip(pairs.near[order], pairs.near_distance[order], strict=True)
        if apart <= curve.distance_at(percent)
    )


def _measure(
    name: str,
    observations: Sequence[Observation],
    pairs: Pairs,
    distances: Mapping[float, float],
    uneven: float,
) -> Group:
    return Group(
        name,
        people=len({seen.sample.identity for seen in observations}),
        pictures=len(observations),
        faces=len(pairs.people),
        not_found=_rate((seen, seen.row is None) for seen in observations),
        false_match={
            percent: false_match_rate(pairs, distance, unevenness=uneven)
            for percent, distance in distances.items()
        },
        false_non_match={
            percent: false_non_match_rate(pairs, distance) for percent, distance in distances.items()
        },
        age_error=_mean((seen, abs(years)) for seen, years in _ages(observations)),
        age_shift=_mean(_ages(observations)),
        gender_error=_rate(
            (seen, seen.attributes.gender is not seen.sample.gender)
            for seen in observations
            if seen.attributes is not None and seen.sample.gender is not None
        ),
    )


def _ages(observations: Iterable[Observation]) -> list[tuple[Observation, float]]:
    """Years by which an age is too high, or, negative, too low; 0 within the range that is given."""
    return [
        (seen, seen.attributes.age - min(max(seen.attributes.age, seen.sample.age[0]), seen.sample.age[1]))
        for seen in observations
        if seen.attributes is not None and seen.sample.age is not None
    ]


def _rate(outcomes: Iterable[tuple[Observation, bool]]) -> Rate | None:
    """The share of pictures; those of one person depend on each other."""
    listed = list(outcomes)
    if not listed:
        return None
    return clustered_rate([happened for _, happened in listed], [seen.sample.identity for seen, _ in listed])


def _mean(values: Iterable[tuple[Observation, float]]) -> Mean | None:
    listed = list(values)
    return clustered_mean([value for _, value in listed], [seen.sample.identity for seen, _ in listed])
