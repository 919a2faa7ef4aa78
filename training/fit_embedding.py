"""Fit what makes one vector of the two networks' descriptors, on the faces of FairFace (CC BY 4.0).

    python -m training.fit_embedding ../shared/data/fairface

Needs the default model pack (`regard models install default`). Fits two things: the principal directions of
FaceRes's descriptors, and how crowded it is around a vector (`regard.vision.faces.crowding`). No identity is
used, only how faces in general lie, and nothing comes from the people that accuracy is measured on. The few
numbers that are options were chosen on the development folds of LFW (training/compare_embeddings.py).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.crowding import Crowding
from regard.vision.faces.descriptors import describe_by_dlib, normalised, read_faces
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.embedding import join
from regard.vision.image import decode_image
from regard.vision.session import SessionPool, one_thread_each

TARGET = Path(__file__).parent.parent / "src/regard/vision/faces/embeddings/2.0.npz"


def pictured(
    folder: Path, sessions: SessionPool, limit: int, seed: int
) -> Iterator[tuple[FaceChips, np.ndarray]]:
    """The chips and landmarks (1, 5, 2) of the largest face of each of `limit` pictures drawn at random."""
    files, detector = sorted(folder.rglob("*.jpg")), FaceDetector(sessions)
    for place in sorted(np.random.RandomState(seed).permutation(len(files))[:limit].tolist()):
        pixels = decode_image(files[place].read_bytes(), min_side=20).pixels
        found = detector.detect(pixels)
        if len(found):
            largest = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], 1).argmax()
            yield FaceChips(pixels), found.landmarks[[largest]]


def describe(folder: Path, sessions: SessionPool, limit: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """dlib's descriptors (N, 128) and FaceRes's (N, 1024), a row a picture."""
    dlib, faceres = [], []
    for chips, landmarks in pictured(folder, sessions, limit, seed):
        dlib.append(describe_by_dlib(sessions, chips, landmarks)[0])
        faceres.append(read_faces(sessions, chips, landmarks).descriptors[0])
    return np.array(dlib), np.array(faceres)


def fit_projection(descriptors: np.ndarray, dimension: int, weight: float) -> dict[str, np.ndarray]:
    """Centre (1024,) and projection (1024, dimension), float16: principal directions, times `weight`.

    `weight` is made up for what the left-out directions held, so that it is that of all of them.
    """
    rows = normalised(descriptors)
    centre = rows.mean(0)
    values, directions = principal(rows - centre)
    kept = directions[:, :dimension] * (weight * np.sqrt(values.sum() / values[:dimension].sum()))
    return {"centre": centre.astype(np.float16), "projection": kept.astype(np.float16)}


def fit_crowding(
    vectors: np.ndarray, *, neighbours: int, leading: int, ridge: float, exponent: float
) -> Crowding:
    """Ridge regression of the logarithm of the mean distance to the nearest `neighbours` of the cohort.

    On the deviation from the average, and on the products of its `leading` principal coordinates, which are
    taken five times as large so that the penalty leaves something of them. The stretch is that distance to
    the power of minus `exponent`, 1 on average.
    """
    average = vectors.mean(0)
    apart = vectors - average
    directions = principal(apart)[1][:, :leading]
    row, column = np.triu_indices(leading)
    products = 5 * (apart @ directions)[:, row] * (apart @ directions)[:, column]
    inputs = np.concatenate([apart, products - products.mean(0)], 1)
    target = np.log(nearest(vectors, neighbours))
    penalty = ridge * np.eye(inputs.shape[1])
    weights = np.linalg.solve(inputs.T @ inputs + penalty, inputs.T @ (target - target.mean()))
    logarithms = -exponent * (inputs @ weights)
    slope, rest = np.split(-exponent * weights, [vectors.shape[1]])
    curvature = np.zeros((leading, leading))
    curvature[row, column] = 5 * rest
    curvature = (curvature + curvature.T) / 2
    fit = np.corrcoef(inputs @ weights, target)[0, 1]
    print(f"crowding: correlation {fit:.3f}, stretches of {np.exp(logarithms).std():.3f} around 1")
    return Crowding(
        average.astype(np.float32),
        slope.astype(np.float32),
        directions.astype(np.float32),
        curvature.astype(np.float32),
        np.float32((products.mean(0) * -exponent) @ weights[vectors.shape[1] :]),
        np.array([logarithms.min(), logarithms.max()], np.float32),
    )


def nearest(vectors: np.ndarray, count: int) -> np.ndarray:
    """Each vector's mean distance (N,) to its `count` nearest others."""
    squares = (vectors**2).sum(1)
    apart = squares[:, None] + squares - 2 * vectors @ vectors.T
    np.fill_diagonal(apart, np.inf)
    return np.sqrt(np.maximum(np.partition(apart, count - 1, 1)[:, :count], 0)).mean(1)


def principal(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances and directions (columns), the largest first, of centred rows; the largest number positive."""
    values, directions = np.linalg.eigh(np.cov(rows, rowvar=False))
    values, directions = values[::-1], directions[:, ::-1]
    return values, directions * np.sign(directions[np.abs(directions).argmax(0), np.arange(len(values))])


def fit(dlib: np.ndarray, faceres: np.ndarray, options: argparse.Namespace) -> dict[str, np.ndarray]:
    constants = fit_projection(faceres, options.dimension, options.weight)
    centre, projection = (constants[name].astype(np.float32) for name in ("centre", "projection"))
    vectors = join(dlib, (normalised(faceres) - centre) @ projection)
    crowding = fit_crowding(
        vectors.astype(np.float64),
        neighbours=options.neighbours,
        leading=options.leading,
        ridge=options.ridge,
        exponent=options.exponent,
    )
    return constants | {name: getattr(crowding, name) for name in Crowding.__dataclass_fields__}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=TARGET)
    parser.add_argument("--limit", type=int, default=3000, help="pictures, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dimension", type=int, default=256, help="of FaceRes's part")
    parser.add_argument("--weight", type=float, default=0.55, help="of FaceRes's part; dlib's is 1")
    parser.add_argument("--neighbours", type=int, default=10)
    parser.add_argument("--leading", type=int, default=20)
    parser.add_argument("--ridge", type=float, default=10.0)
    parser.add_argument("--exponent", type=float, default=0.9)
    parser.add_argument("--descriptors", type=Path, help="keep them in this .npz, or take them from it")
    return parser.parse_args()


def main() -> None:
    one_thread_each()
    options = parse()
    if options.descriptors and options.descriptors.exists():
        with np.load(options.descriptors) as kept:
            dlib, faceres = kept["dlib"], kept["faceres"]
    else:
        sessions = SessionPool(install(find_pack("default")).paths())
        dlib, faceres = describe(options.folder, sessions, options.limit, options.seed)
        if options.descriptors:
            np.savez(options.descriptors, dlib=dlib, faceres=faceres)
    np.savez(options.out, **fit(dlib, faceres, options))
    print(f"{len(dlib)} faces, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
