"""Embeddings to compare with each other, for training/compare_embeddings.py: what is joined, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.alignment import ARCFACE_TEMPLATE, FaceChips
from regard.vision.faces.descriptors import (
    DLIB_SIDE,
    FACERES_SIDE,
    MOBILEFACENET_SIDE,
    normalised,
    read_chips,
)
from regard.vision.faces.embedding import join, join_mobilefacenet
from regard.vision.geometry import unit_rows
from regard.vision.pixels import Floats
from regard.vision.runner import Runner
from regard.vision.session import SessionPool
from training.fit_embedding import fit_crowding, fit_joint, fit_projection, nearest, pictured
from training.lfw import Faces, look

View = tuple[float, bool]  # padding, mirrored
Views = Mapping[str, list[View]]
WIDTHS = {"mobilefacenet": 192, "dlib": 128, "faceres": 1024}

FIRST = {"2.0": "both: 128 and .65 × 256 numbers (version 1.0)", "3.0": "MobileFaceNet, one view (6 ms)"}
VIEWS: Mapping[str, Views] = {
    "2.0": {
        "dlib": [(0.25, False), (0.25, True), (0.2, False), (0.2, True)],
        "faceres": [(0.45, False), (0.45, True)],
    },
    "3.0": {
        "mobilefacenet": [(0.0, False), (0.0, True), (0.0435, True), (-0.037, True)],
        "dlib": [(0.2, False), (0.2, True)],
    },
}
FACE, MIRROR, WIDER, CLOSER = ([view] for view in VIEWS["3.0"]["mobilefacenet"])
DLIB_PLAIN, DLIB_BOTH, DLIB_CLOSE = [(0.25, False)], VIEWS["2.0"]["dlib"][:2], VIEWS["2.0"]["dlib"][2:]
FACERES_PLAIN, FACERES_BOTH = [(0.45, False)], VIEWS["2.0"]["faceres"]

Change = Callable[
    [np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]
]  # of the cohort's vectors, and LFW's


def describe(runner: Runner, chips: FaceChips, landmarks: Floats, network: str, view: View) -> Floats:
    """One network's descriptor (D,) of one view of a face with `landmarks` (1, 5, 2), px."""
    padding, mirrored = view
    if network == "mobilefacenet":
        chip = chips.take(
            landmarks, MOBILEFACENET_SIDE, padding, template=ARCFACE_TEMPLATE, mirrored=mirrored
        )
        return runner.run("mobilefacenet", {"input": (chip.astype(np.float32) - 127.5) / 128})[0][0]
    if network == "dlib":
        chip = chips.take(landmarks, DLIB_SIDE, padding, mirrored=mirrored)
        return runner.run("dlib-resnet", {"input": chip})[0][0]
    return read_chips(runner, chips.take(landmarks, FACERES_SIDE, padding, mirrored=mirrored))[2][0]


@dataclass(frozen=True, eq=False)
class Features:
    """Descriptors of the people who are measured, and of the cohort: by the key of a view, (N, D) of each."""

    faces: Faces
    cohort: Mapping[str, np.ndarray]
    people: Mapping[str, np.ndarray]

    @classmethod
    def of(cls, data: Path, kept: Path | None, limit: int, views: Views) -> Features:
        wanted = [(network, view) for network, some in views.items() for view in some]
        if kept and kept.exists():
            with np.load(kept) as file:
                keys = list(zip(file["names"].tolist(), file["numbers"].tolist(), strict=True))
                cohort, people = (
                    {_key(*one): file[f"{side}/{_key(*one)}"] for one in wanted}
                    for side in ("cohort", "people")
                )
        else:
            keys, cohort, people = _described(data, limit, wanted)
            if kept:
                names, numbers = zip(*keys, strict=True)
                sides = {f"cohort/{key}": rows for key, rows in cohort.items()}
                sides |= {f"people/{key}": rows for key, rows in people.items()}
                np.savez(kept, names=names, numbers=numbers, **sides)
        everybody = Faces(keys, np.arange(len(keys))[:, None])
        measured, _ = everybody.split(data / "lfw")
        places = measured.rows[:, 0].astype(int)
        return cls(measured, cohort, {key: rows[places] for key, rows in people.items()})

    def views(self, network: str, view: View) -> list[np.ndarray]:
        """Of the cohort and of the people."""
        return [rows[_key(network, view)] for rows in (self.cohort, self.people)]

    def added(self, network: str, views: list[View], *, unit: bool = False) -> list[np.ndarray]:
        """The sum of some views, of the cohort and of the people; `unit`: each at unit length before."""
        some = [self.views(network, view) for view in views]
        return [sum(unit_rows(one[side]) if unit else one[side] for one in some) for side in (0, 1)]


def _key(network: str, view: View) -> str:
    return f"{network}-{view[0]}{'-mirrored' if view[1] else ''}"


def _described(
    data: Path, limit: int, wanted: list[tuple[str, View]]
) -> tuple[list[tuple[str, int]], dict[str, np.ndarray], dict[str, np.ndarray]]:
    sessions = SessionPool(install(find_pack("default")).paths())

    def every(runner: Runner, chips: FaceChips, landmarks: Floats) -> np.ndarray:
        return np.concatenate([describe(runner, chips, landmarks, *one) for one in wanted])

    cohort = np.array(
        [every(sessions, *found) for found in pictured(data / "fairface", sessions, limit, seed=0)]
    )
    people = look(
        data / "lfw",
        lambda runner, image, face: every(runner, FaceChips(image.pixels), face.landmarks[None]),
    )
    ends = np.cumsum([WIDTHS[network] for network, _ in wanted])[:-1]
    sides = [
        {_key(*one): part for one, part in zip(wanted, np.split(rows, ends, axis=1), strict=True)}
        for rows in (cohort, people.rows)
    ]
    return people.keys, sides[0], sides[1]


def joined(
    features: Features,
    dlib: list,
    faceres: list,
    *,
    weight: float = 0.55,
    dimension: int = 256,
    power: float = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of the cohort and of the people. `power`: by which directions are scaled to the variance."""
    descriptors = features.added("faceres", faceres)
    constants = fit_projection(descriptors[0], dimension, weight)
    centre, projection = (constants[name].astype(np.float32) for name in ("centre", "projection"))
    parts = [(normalised(rows) - centre) @ projection for rows in descriptors]
    if power:
        scales = parts[0].var(0) ** -power
        scales *= np.sqrt(parts[0].var(0).sum() / (parts[0].var(0) * scales**2).sum())
        parts = [part * scales for part in parts]
    pairs = zip(features.added("dlib", dlib), parts, strict=True)
    cohort, rows = (join(first, second) for first, second in pairs)
    return cohort, rows


def crowding(exponent: float = 0.9, leading: int = 20) -> Change:
    def change(cohort: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        fitted = fit_crowding(
            cohort.astype(np.float64), neighbours=10, leading=leading, ridge=10, exponent=exponent
        )
        return cohort, fitted.even_out(rows)

    return change


def by_the_cohort(cohort: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Stretched by the true distance to the nearest of the cohort, instead of by the predicted one."""
    squares = (rows**2).sum(1)[:, None] + (cohort**2).sum(1) - 2 * rows @ cohort.T
    near = np.sqrt(np.maximum(np.partition(squares, 9, 1)[:, :10], 0)).mean(1)
    average = cohort.mean(0)
    return cohort, average + (rows - average) * ((nearest(cohort, 10).mean() / near) ** 0.9)[:, None]


def unit_deviations(cohort: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All equally far from the average face."""
    average = cohort.mean(0)
    return tuple((x - average) / np.linalg.norm(x - average, axis=1, keepdims=True) for x in (cohort, rows))


def variants_2(features: Features) -> Iterator[tuple[str, np.ndarray]]:
    def both(dlib: list, faceres: list, *changes: Change, **options: float) -> np.ndarray:
        vectors = joined(features, dlib, faceres, **options)
        for change in changes:
            vectors = change(*vectors)
        return vectors[1]

    alone = features.added("dlib", DLIB_PLAIN)[1]
    yield "dlib's ResNet, as it comes", alone
    yield "dlib's, unit length", normalised(np.sign(alone) * alone**2)
    yield "FaceRes, root and unit length", normalised(features.added("faceres", FACERES_PLAIN)[1])
    yield FIRST["2.0"], both(DLIB_PLAIN, FACERES_PLAIN, weight=0.65)
    yield "+ dlib's mirrored view", both(DLIB_BOTH, FACERES_PLAIN, weight=0.65)
    yield "+ dlib's views closer", both(DLIB_CLOSE, FACERES_PLAIN, weight=0.65)
    yield "+ FaceRes's weight .55", both(DLIB_CLOSE, FACERES_PLAIN)
    yield "**+ crowding evened out (version 2.0, used)**", both(DLIB_CLOSE, FACERES_PLAIN, crowding())
    yield "version 1.0 and crowding", both(DLIB_PLAIN, FACERES_PLAIN, crowding(), weight=0.65)
    yield "used, by the cohort's own distances", both(DLIB_CLOSE, FACERES_PLAIN, by_the_cohort)
    yield "used, crowding by a linear function", both(DLIB_CLOSE, FACERES_PLAIN, crowding(leading=0))
    for exponent in (0.6, 1.2):
        yield f"used, exponent {exponent}", both(DLIB_CLOSE, FACERES_PLAIN, crowding(exponent))
    yield "used, FaceRes mirrored too", both(DLIB_CLOSE, FACERES_BOTH, crowding())
    yield "used, four views by dlib", both(VIEWS["2.0"]["dlib"], FACERES_PLAIN, crowding())
    for weight in (0.45, 0.65):
        yield f"used, FaceRes's weight {weight}", both(DLIB_CLOSE, FACERES_PLAIN, crowding(), weight=weight)
    for power in (0.05, 0.125):
        name = f"used, FaceRes's directions times λ^−{power}"
        yield name, both(DLIB_CLOSE, FACERES_PLAIN, crowding(), power=power)
    yield "used, FaceRes in 128 numbers", both(DLIB_CLOSE, FACERES_PLAIN, crowding(), dimension=128)
    yield "unit distance from the average face instead", both(DLIB_CLOSE, FACERES_PLAIN, unit_deviations)


def projected(dimension: int) -> Change:
    """On the principal directions of the cohort."""

    def change(cohort: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        constants = fit_joint(cohort, dimension)
        centre, projection = (constants[name].astype(np.float32) for name in ("centre", "projection"))
        return (cohort - centre) @ projection, (rows - centre) @ projection

    return change


def variants_3(features: Features) -> Iterator[tuple[str, np.ndarray]]:
    def mobile(*views: list[View]) -> list[np.ndarray]:
        every = [one for some in views for one in some]
        return [unit_rows(rows) for rows in features.added("mobilefacenet", every, unit=True)]

    def both(
        own: list[np.ndarray], *changes: Change, weight: float = 1.2, views: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        dlib = features.added("dlib", VIEWS["3.0"]["dlib"][:views])
        pairs = zip(own, dlib, strict=True)
        cohort, rows = (join_mobilefacenet(first, second, weight) for first, second in pairs)
        for change in changes:
            cohort, rows = change(cohort, rows)
        return cohort, rows

    even = crowding(0.7)
    best = mobile(FACE, WIDER)
    yield FIRST["3.0"], mobile(FACE)[1]
    yield "MobileFaceNet, and mirrored (12 ms)", mobile(FACE, MIRROR)[1]
    yield "MobileFaceNet, and mirrored, 8 % closer (12 ms)", mobile(FACE, CLOSER)[1]
    yield "MobileFaceNet, and mirrored, 8 % wider (12 ms)", best[1]
    yield "+ dlib, one view, of the weight 1.2 (16 ms)", both(best)[1]
    yield "+ projected to 128 numbers", both(best, projected(128))[1]
    yield "**+ crowding evened out (version 3.0, used)**", both(best, projected(128), even)[1]
    yield "used, MobileFaceNet in one view (10 ms)", both(mobile(FACE), projected(128), even)[1]
    yield "used, dlib in two views (20 ms)", both(best, projected(128), even, views=2)[1]
    for weight in (0.8, 1.0, 1.5):
        yield f"used, dlib's weight {weight}", both(best, projected(128), even, weight=weight)[1]
    for dimension in (96, 192):
        yield f"used, {dimension} numbers", both(best, projected(dimension), even)[1]
    for exponent in (0.4, 0.9, 1.2):
        yield f"used, exponent {exponent}", both(best, projected(128), crowding(exponent))[1]
    linear = crowding(0.7, leading=0)
    yield "used, crowding by a linear function", both(best, projected(128), linear)[1]


VARIANTS = {"2.0": variants_2, "3.0": variants_3}
