"""Fit how sure a find is to be a face, by what MTCNN and MobileNetV2 say of it.

    python -m training.fit_certainty ../shared/data --cache CACHE

Writes src/regard/vision/faces/certainty.npz and its card beside it, and prints how what is fitted judges
sources that it was not fitted on (six folds). What the networks say is kept in CACHE, a file a source:
delete it when the detector changes. All faces together weigh as much as all false finds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces import certainty
from regard.vision.faces.certainty import CLEAR_ODDS, Weighing, clear, expanded
from regard.vision.faces.detector import FaceDetector
from regard.vision.geometry import sigmoid
from regard.vision.session import SessionPool, one_thread_each
from training.certainty_finds import Finds, Recorder, cached
from training.certainty_sets import Source, sources
from training.feature_head import logistic, with_one

TARGET = Path(certainty.__file__).with_name("certainty.npz")
DIMENSIONS = 100  # principal components of each crop's features
RIDGE = 40.0
BUCKETS = (0, 50, 60, 70, 80, 90, 95, 99, 99.9, 100.01)


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


def judged_sources(names: Sequence[str], finds: Sequence[Finds], said: np.ndarray) -> list[dict]:
    """For each source how many faces and false finds are said (percent) to be how sure."""
    rows = []
    for name, part in zip(names, finds, strict=True):
        own, said = said[: len(part.faces)], said[len(part.faces) :]
        faces, false = own[part.faces == 1], own[part.faces == 0]
        rows.append(
            {"source": name, "pictures": part.pictures, "faces": len(faces)}
            | {"under 25 %": int((faces < 25).sum()), "90 %": int((faces >= 90).sum())}
            | {"no faces": len(false)}
            | {f"no faces at {bar} %": int((false >= bar).sum()) for bar in (25, 50, 90, 99)}
        )
    return rows


def calibration(finds: Finds, said: np.ndarray) -> list[dict]:
    """By bands of what is said (percent): how many finds, what is said on average, how many are faces."""
    rows, weights = [], balanced(finds)
    for low, high in pairwise(BUCKETS):
        inside = (said >= low) & (said < high)
        if inside.any():
            average, share = (
                round(float(np.average(row[inside], weights=weights[inside])), 1)
                for row in (said, 100 * finds.faces)
            )
            band = f"{low}–{min(high, 100)}"
            rows.append(
                {"confidence": band, "finds": int(inside.sum()), "said on average": average, "faces": share}
            )
    return rows


def card(every: Sequence[Source], finds: Sequence[Finds], whole: Finds, said: np.ndarray) -> dict:
    """What the judge was fitted on, and how it judges what it was not fitted on."""
    sure = clear(whole.cues)
    return {
        "says": "the probability that a find of MTCNN's is a face",
        "fitted on": f"{int(whole.faces.sum()):,} faces and {int((1 - whole.faces).sum()):,} false finds of "
        f"{len(every)} sources, in {whole.pictures:,} pictures",
        "research-only data": "LFW, UTKFace, FER2013, WIDER FACE and the photos of masks and hard hats",
        "split": f"{len({fold for one in every for fold in one.folds})} folds by source; WIDER's and dlib's "
        "by halves of their finds",
        "limits": "Faces and false finds weigh the same. Drawn objects and few kinds of animals stand for "
        "all that is no face.",
        "faces that all networks are sure of, %": round(100 * float(sure[whole.faces == 1].mean()), 1),
        "false finds that all networks are sure of": int(sure[whole.faces == 0].sum()),
        "sources": judged_sources([one.name for one in every], finds, said),
        "calibration": calibration(whole, said),
    }


def print_table(rows: Sequence[dict]) -> None:
    print("\n| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(map(str, row.values())) + " |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=TARGET, help="the weights; the card lies beside them")
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
    fitted = fit(whole)
    facts = card(every, finds, whole, 100 * sigmoid(said))
    options.out.with_suffix(".json").write_text(
        json.dumps(facts, indent=1, ensure_ascii=False) + "\n", "utf-8"
    )
    for name in ("sources", "calibration"):
        print_table(facts[name])
    np.savez_compressed(
        options.out,
        cues=slope * fitted.cues,
        features=(slope * fitted.features).astype(np.float32),
        offset=slope * fitted.offset + offset,
        cues_alone=slope_alone * fitted.cues_alone,
        offset_alone=slope_alone * fitted.offset_alone + offset_alone,
    )


if __name__ == "__main__":
    main()
