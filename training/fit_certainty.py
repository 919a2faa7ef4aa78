"""Fit how sure a find is to be a face, by what MTCNN and MobileNetV2 say of it.

    python -m training.fit_certainty ../shared/data --cache CACHE

Writes src/regard/vision/faces/certainty.npz, and prints how what is fitted judges sources that it was not
fitted on (five folds). What the networks say is kept in CACHE, a file a source: delete it when the detector
changes. All faces together weigh as much as all false finds.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces import certainty
from regard.vision.faces.certainty import CLEAR_ODDS, EXTENTS, FaceJudge, Weighing, clear, expanded
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.mtcnn import FaceCandidates
from regard.vision.geometry import sigmoid
from regard.vision.pixels import Copies
from regard.vision.session import SessionPool, one_thread_each
from training.certainty_sets import FACE, UNKNOWN, Source, sources
from training.feature_head import logistic, with_one

TARGET = Path(certainty.__file__).with_name("certainty.npz")
DIMENSIONS = 100  # principal components of each crop's features
RIDGE = 40.0
BUCKETS = (0, 50, 60, 70, 80, 90, 95, 99, 99.9, 100.01)


@dataclass(frozen=True, eq=False)
class Finds:
    """N finds in `pictures` of a source, as far as it is known what they are: `cues` (N, 6), `features`
    (N, E, 1280), `faces` (N,), 1 or 0, `weights` (N,).
    """

    cues: np.ndarray
    features: np.ndarray
    faces: np.ndarray
    weights: np.ndarray
    pictures: int

    def take(self, which: np.ndarray) -> Finds:
        return Finds(self.cues[which], self.features[which], self.faces[which], self.weights[which], 0)

    @staticmethod
    def join(parts: Sequence[Finds]) -> Finds:
        return Finds(
            np.concatenate([part.cues for part in parts]),
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.faces for part in parts]),
            np.concatenate([part.weights for part in parts]),
            sum(part.pictures for part in parts),
        )


class Recorder(FaceJudge):
    """Lets every find pass, and keeps what is known of it."""

    def judged(self, copies: Copies, found: FaceCandidates) -> FaceCandidates:
        self.seen = (self.cues(copies, found), self.features(copies, found)) if len(found) else None
        return found


def finds_of(detector: FaceDetector, recorder: Recorder, source: Source) -> Finds:
    none = Finds(
        np.zeros((0, 6), np.float32), np.zeros((0, len(EXTENTS), 1280)), np.zeros(0, int), np.zeros(0), 0
    )
    parts = [none]
    for pixels, truth in source.pictures():
        labels = truth(detector.detect(pixels).boxes)
        known = np.flatnonzero(labels != UNKNOWN)
        part = none
        if len(known) and recorder.seen is not None:
            cues, features = recorder.seen
            faces = (labels[known] == FACE).astype(int)
            part = Finds(cues[known], features[known], faces, np.ones(len(faces)), 0)
        parts.append(replace(part, pictures=1))
    return Finds.join(parts)


def cached(cache: Path, source: Source, detector: FaceDetector, recorder: Recorder) -> Finds:
    file = cache / f"{source.name.replace(' ', '_').replace(',', '')}.npz"
    if not file.exists():
        finds = finds_of(detector, recorder, source)
        np.savez(file, **asdict(finds) | {"features": finds.features.astype(np.float16)})
        print(f"{source.name}: {finds.pictures} pictures, {len(finds.faces)} finds", flush=True)
    stored = np.load(file)
    features = stored["features"].astype(np.float32)
    weights = np.where(stored["faces"] == 1, source.weight, 1.0)
    return Finds(stored["cues"], features, stored["faces"], weights, int(stored["pictures"]))


def balanced(finds: Finds) -> np.ndarray:
    """Weights (N,) with which the faces and the false finds count the same in all; on average 1."""
    faces, false = ((finds.weights * (finds.faces == kind)).sum() for kind in (1, 0))
    return np.asarray(finds.weights * np.where(finds.faces == 1, 0.5 / faces, 0.5 / false) * len(finds.faces))


def fit(finds: Finds) -> Weighing:
    """By maximum likelihood in principal components, pulled towards 0."""
    roots = np.sqrt(np.maximum(finds.features.astype(np.float64), 0))
    every = expanded(finds.cues)
    mean, deviation = every.mean(0), every.std(0)
    cues = (every - mean) / deviation
    columns, bases = [], []
    for crop in np.moveaxis(roots, 1, 0):
        centre = crop.mean(0)
        variances, directions = np.linalg.eigh(np.cov((crop - centre).T))
        spread = np.sqrt(np.maximum(variances[::-1][:DIMENSIONS], 1e-12))
        bases.append((centre, directions[:, ::-1][:, :DIMENSIONS] / np.sqrt(spread * spread[0])))
        columns.append((crop - centre) @ bases[-1][1])
    found = weights_of(np.column_stack([*columns, cues]), finds, free=cues.shape[1])
    alone = weights_of(cues, finds, free=cues.shape[1])
    features, of_cues, last = np.split(found, [-1 - cues.shape[1], -1])
    of_cues = of_cues / deviation
    said = np.stack([basis @ part for (_, basis), part in zip(bases, np.split(features, 2), strict=True)])
    return Weighing(
        cues=of_cues,
        features=said,
        offset=last[0]
        - mean @ of_cues
        - sum(centre @ row for (centre, _), row in zip(bases, said, strict=True)),
        cues_alone=alone[:-1] / deviation,
        offset_alone=alone[-1] - mean @ (alone[:-1] / deviation),
    )


def weights_of(columns: np.ndarray, finds: Finds, *, free: int) -> np.ndarray:
    """Of the columns (N, C) and a constant, (C + 1,). The last `free` columns are hardly pulled towards 0."""
    ridge = np.full(columns.shape[1] + 1, RIDGE)
    ridge[-1 - free :] = 1.0
    ridge[-1] = 1e-6
    return logistic(with_one(columns), finds.faces, ridge, weight=balanced(finds))


def crossed(finds: Finds, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds (N,) of finds, of all that is known and of the cues alone, by what was fitted without their
    own of the `folds` (N,).
    """
    odds, alone = np.zeros((2, len(folds)))
    for fold in np.unique(folds):
        fitted = fit(finds.take(folds != fold))
        judged = finds.take(folds == fold)
        odds[folds == fold] = fitted.odds(judged.cues, judged.features)
        alone[folds == fold] = fitted.odds_alone(judged.cues)
    return odds, alone


def folds_of(source: Source, finds: Finds) -> np.ndarray:
    """The fold (N,) of each find of a source."""
    places = np.arange(len(finds.faces)) * len(source.folds) // max(len(finds.faces), 1)
    return np.array(source.folds)[places]


def calibrate(odds: np.ndarray, finds: Finds) -> tuple[float, float]:
    """The slope and the offset that make log-odds of probabilities."""
    ridge = np.array([1e-3, 1e-6])
    slope, offset = logistic(with_one(odds[:, None]), finds.faces, ridge, weight=balanced(finds))
    return float(slope), float(offset)


def print_sources(names: Sequence[str], finds: Sequence[Finds], said: np.ndarray) -> None:
    print("| source | pictures | faces | under 25 % | 90 % | no faces | 25 % and more | 50 % | 90 % | 99 % |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, part in zip(names, finds, strict=True):
        own, said = said[: len(part.faces)], said[len(part.faces) :]
        faces, false = own[part.faces == 1], own[part.faces == 0]
        counts = [int((false >= bar).sum()) for bar in (25, 50, 90, 99)]
        row = [
            name,
            part.pictures,
            len(faces),
            int((faces < 25).sum()),
            int((faces >= 90).sum()),
            len(false),
            *counts,
        ]
        print("| " + " | ".join(map(str, row)) + " |")


def print_calibration(finds: Finds, said: np.ndarray) -> None:
    print("| confidence | finds | said on average | faces |\n|---|---|---|---|")
    weights, faces = balanced(finds), finds.faces
    for low, high in pairwise(BUCKETS):
        inside = (said >= low) & (said < high)
        if inside.any():
            average, share = (np.average(row[inside], weights=weights[inside]) for row in (said, 100 * faces))
            print(f"| {low}–{min(high, 100)} | {inside.sum()} | {average:.1f} | {share:.1f} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    one_thread_each()
    runner = SessionPool(install(find_pack("default")).paths())
    detector = FaceDetector(runner)
    recorder = detector._judge = Recorder(runner, detector._mtcnn)
    every = sources(options.data)
    finds = [cached(options.cache, source, detector, recorder) for source in every]
    whole = Finds.join(finds)
    folds = np.concatenate([folds_of(source, part) for source, part in zip(every, finds, strict=True)])
    odds, alone = crossed(whole, folds)
    slope, offset = calibrate(odds, whole)
    slope_alone, offset_alone = calibrate(alone, whole)
    certain = np.maximum(slope_alone * alone + offset_alone, CLEAR_ODDS)
    said = np.where(clear(whole.cues), certain, slope * odds + offset)
    print_sources([source.name for source in every], finds, 100 * sigmoid(said))
    print_calibration(whole, 100 * sigmoid(said))
    print(f"clear: {clear(whole.cues)[whole.faces == 1].mean():.3f} of the faces, ", end="")
    print(f"{clear(whole.cues)[whole.faces == 0].sum()} of the false finds")
    fitted = fit(whole)
    np.savez_compressed(
        TARGET,
        cues=slope * fitted.cues,
        features=(slope * fitted.features).astype(np.float32),
        offset=slope * fitted.offset + offset,
        cues_alone=slope_alone * fitted.cues_alone,
        offset_alone=slope_alone * fitted.offset_alone + offset_alone,
    )


if __name__ == "__main__":
    main()
