"""Compare embeddings: what each part of the default one gains, and what was tried and is not in it.

    python -m training.compare_embeddings ../shared/data --features features.npz

Prints Markdown. By the protocol of training/lfw.py, on the development folds of LFW; whatever is fitted is
fitted on FairFace, so none of the people is in both. A gain over version 1.0 is in points, with the interval
that holds 95 % of the gains with other people drawn; all rows are judged on the same draws. The last column
is how often the gain at 1e-4 was above zero on random halves of the people, of 20. `--features` keeps the
networks' descriptors.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.descriptors import DLIB_SIDE, FACERES_MEAN, FACERES_SIDE, normalised
from regard.vision.faces.embedding import join
from regard.vision.pixels import Floats
from regard.vision.runner import Runner
from regard.vision.session import SessionPool
from training.fit_embedding import fit_crowding, fit_projection, nearest, pictured
from training.lfw import Faces, accuracy, all_pairs, interval, look, redrawn, true_match_rates

RATES = [1e-3, 1e-4, 1e-5, 1e-6]
VIEWS = {
    "dlib": [(0.25, False), (0.25, True), (0.2, False), (0.2, True)],
    "faceres": [(0.45, False), (0.45, True)],
}
DLIB_PLAIN, DLIB_BOTH, DLIB_CLOSE = [(0.25, False)], VIEWS["dlib"][:2], VIEWS["dlib"][2:]
FACERES_PLAIN, FACERES_BOTH = [(0.45, False)], VIEWS["faceres"]

FIRST = "both: 128 and .65 × 256 numbers (version 1.0)"
GAINS = [1e-4, 1e-5]
HALVES = 20

Change = Callable[
    [np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]
]  # of the cohort's vectors, and LFW's


@dataclass(frozen=True, eq=False)
class Measured:
    """What one embedding's vectors give; `drawn` (draws, rates) and `halves` (HALVES,) are for gains."""

    listed: float
    shares: np.ndarray
    drawn: np.ndarray
    halves: np.ndarray

    @classmethod
    def of(cls, faces: Faces, rows: np.ndarray, folder: Path) -> Measured:
        impostors, genuine = all_pairs(faces.names, rows)
        count, halves = int(impostors.people.max()) + 1, []
        near = impostors.nearest(0.01)
        for seed in range(HALVES // 2):
            chosen = np.random.default_rng(seed).permutation(count) < count // 2
            halves += [
                genuine.among(half).share_below(near.among(half).distance_at(1e-4))
                for half in (chosen, ~chosen)
            ]
        return cls(
            accuracy(Faces(faces.keys, rows), folder),
            true_match_rates(impostors, genuine, RATES),
            redrawn(impostors, genuine, RATES, draws=100),
            np.array(halves),
        )

    def cells(self, first: Measured | None) -> str:
        cells = [f"{self.listed:.4f}"] + [f"{share:.3f}" for share in self.shares]
        if first is None or first is self:
            return " | ".join([*cells, *["–"] * (len(GAINS) + 1)])
        for rate in GAINS:
            place = RATES.index(rate)
            low, high = 100 * interval(self.drawn[:, place] - first.drawn[:, place])
            gain = 100 * (self.shares[place] - first.shares[place])
            cells.append(f"{gain:+.1f} ({low:+.1f} to {high:+.1f})")
        return " | ".join([*cells, str(int((self.halves > first.halves).sum()))])


def views_of(runner: Runner, chips: FaceChips, landmarks: Floats) -> np.ndarray:
    """Every view's descriptor of one face, one after the other."""
    found = []
    for padding, mirrored in VIEWS["dlib"]:
        chip = chips.take(landmarks, DLIB_SIDE, padding, mirrored=mirrored)
        found.append(runner.run("dlib-resnet", {"input": chip})[0][0])
    for padding, mirrored in VIEWS["faceres"]:
        chip = chips.take(landmarks, FACERES_SIDE, padding, mirrored=mirrored)
        shifted = np.subtract(chip[..., ::-1], FACERES_MEAN, order="C", dtype=np.float32)
        found.append(runner.run("faceres", {"input": shifted})[2][0])
    return np.concatenate(found)


class Features:
    """Descriptors of the people who are measured, and of the cohort."""

    def __init__(self, faces: Faces, cohort: np.ndarray) -> None:
        self.faces = faces
        self._rows = (cohort, faces.rows)

    @classmethod
    def of(cls, data: Path, kept: Path | None, limit: int) -> Features:
        if kept and kept.exists():
            with np.load(kept) as file:
                keys = list(zip(file["names"].tolist(), file["numbers"].tolist(), strict=True))
                return cls(Faces(keys, file["rows"]), file["cohort"])
        sessions = SessionPool(install(find_pack("default")).paths())
        cohort = np.array(
            [views_of(sessions, *found) for found in pictured(data / "fairface", sessions, limit, seed=0)]
        )
        everybody = look(
            data / "lfw",
            lambda runner, image, face: views_of(runner, FaceChips(image.pixels), face.landmarks[None]),
        )
        faces, _ = everybody.split(data / "lfw")
        if kept:
            names, numbers = zip(*faces.keys, strict=True)
            np.savez(kept, names=names, numbers=numbers, rows=faces.rows, cohort=cohort)
        return cls(faces, cohort)

    def added(self, network: str, views: list[tuple[float, bool]]) -> list[np.ndarray]:
        """The sum of some views, of the cohort and of the people."""
        size, start = (128, 0) if network == "dlib" else (1024, 128 * len(VIEWS["dlib"]))
        places = [start + size * VIEWS[network].index(view) for view in views]
        return [sum(rows[:, place : place + size] for place in places) for rows in self._rows]


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


def variants(features: Features) -> Iterator[tuple[str, np.ndarray]]:
    def both(dlib: list, faceres: list, *changes: Change, **options: float) -> np.ndarray:
        vectors = joined(features, dlib, faceres, **options)
        for change in changes:
            vectors = change(*vectors)
        return vectors[1]

    alone = features.added("dlib", DLIB_PLAIN)[1]
    yield "dlib's ResNet, as it comes", alone
    yield "dlib's, unit length", normalised(np.sign(alone) * alone**2)
    yield "FaceRes, root and unit length", normalised(features.added("faceres", FACERES_PLAIN)[1])
    yield FIRST, both(DLIB_PLAIN, FACERES_PLAIN, weight=0.65)
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
    yield "used, four views by dlib", both(VIEWS["dlib"], FACERES_PLAIN, crowding())
    for weight in (0.45, 0.65):
        yield f"used, FaceRes's weight {weight}", both(DLIB_CLOSE, FACERES_PLAIN, crowding(), weight=weight)
    for power in (0.05, 0.125):
        name = f"used, FaceRes's directions times λ^−{power}"
        yield name, both(DLIB_CLOSE, FACERES_PLAIN, crowding(), power=power)
    yield "used, FaceRes in 128 numbers", both(DLIB_CLOSE, FACERES_PLAIN, crowding(), dimension=128)
    yield "unit distance from the average face instead", both(DLIB_CLOSE, FACERES_PLAIN, unit_deviations)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument(
        "--features", type=Path, help="keep the descriptors in this .npz, or take them from it"
    )
    parser.add_argument("--limit", type=int, default=3000, help="pictures of the cohort")
    options = parser.parse_args()
    features = Features.of(options.data, options.features, options.limit)
    heads = [f"at {rate:.0e}" for rate in RATES] + [f"gain at {rate:.0e}" for rate in GAINS]
    print("| embedding | listed pairs | " + " | ".join(heads) + " | halves |")
    print("|---|---|" + "---|" * (len(heads) + 1))
    first: Measured | None = None
    for name, rows in variants(features):
        found = Measured.of(features.faces, rows, options.data / "lfw")
        if name == FIRST:
            first = found
        print(f"| {name} | {found.cells(first)} |", flush=True)


if __name__ == "__main__":
    main()
