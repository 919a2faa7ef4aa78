"""Fit what makes one vector of two networks' descriptors, on the faces of FairFace (CC BY 4.0).

    python -m training.fit_embedding ../shared/data/fairface --model 3.0

Needs the default model pack (`regard models install default`). Fits two things: the principal directions of
descriptors (of FaceRes's for face model 2.0, of both networks' together for 3.0), and how crowded it is
around a vector (`regard.vision.faces.crowding`). No identity is used, only how faces in general lie, and
nothing comes from the people that accuracy is measured on. The few numbers that are written here were chosen
on the development folds of LFW (training/compare_embeddings.py).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.crowding import Crowding
from regard.vision.faces.descriptors import (
    describe_by_dlib,
    describe_by_mobilefacenet,
    normalised,
    read_faces,
)
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.embedding import join, join_mobilefacenet
from regard.vision.image import decode_image
from regard.vision.session import SessionPool, one_thread_each

CONSTANTS = Path(__file__).parent.parent / "src/regard/vision/faces/embeddings"


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


def describe(folder: Path, sessions: SessionPool, limit: int, seed: int) -> dict[str, np.ndarray]:
    """What each network says, by its name, a row a picture; "dlib-both" is dlib's of both views, added."""
    rows: dict[str, list[np.ndarray]] = {"mobilefacenet": [], "dlib": [], "dlib-both": [], "faceres": []}
    for chips, landmarks in pictured(folder, sessions, limit, seed):
        alone = describe_by_dlib(sessions, chips, landmarks)[0]
        mirrored = describe_by_dlib(sessions, chips, landmarks, mirrored=True)[0]
        rows["mobilefacenet"].append(describe_by_mobilefacenet(sessions, chips, landmarks)[0])
        rows["dlib"].append(alone)
        rows["dlib-both"].append(alone + mirrored)
        rows["faceres"].append(read_faces(sessions, chips, landmarks).descriptors[0])
    return {name: np.array(found) for name, found in rows.items()}


def fit_projection(descriptors: np.ndarray, dimension: int, weight: float) -> dict[str, np.ndarray]:
    """Centre (1024,) and projection (1024, dimension), float16: principal directions, times `weight`.

    `weight` is made up for what the left-out directions held, so that it is that of all of them.
    """
    rows = normalised(descriptors)
    centre = rows.mean(0)
    values, directions = principal(rows - centre)
    kept = directions[:, :dimension] * (weight * np.sqrt(values.sum() / values[:dimension].sum()))
    return {"centre": centre.astype(np.float16), "projection": kept.astype(np.float16)}


def fit_joint(joint: np.ndarray, dimension: int) -> dict[str, np.ndarray]:
    """Centre (D,) and projection (D, dimension), float16: principal directions as they are."""
    centre = joint.mean(0, dtype=np.float64)
    directions = principal(joint - centre)[1][:, :dimension]
    return {"centre": centre.astype(np.float16), "projection": directions.astype(np.float16)}


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
    stretch = np.exp(logarithms).std()
    print(f"crowding: correlation {fit:.3f}, stretches of {stretch:.3f} around 1", file=sys.stderr)
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


def fit_2(rows: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The constants of face model 2.0: FaceRes's part is 256 numbers of the weight .55; dlib's weighs 1."""
    constants = fit_projection(rows["faceres"], 256, 0.55)
    centre, projection = (constants[name].astype(np.float32) for name in ("centre", "projection"))
    vectors = join(rows["dlib-both"], (normalised(rows["faceres"]) - centre) @ projection)
    return constants | evened_out(vectors, exponent=0.9)


def fit_3(rows: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The constants of face model 3.0: 128 numbers of MobileFaceNet's part and dlib's, of the weight 1.2."""
    weight = np.float32(1.2)
    joint = join_mobilefacenet(rows["mobilefacenet"], rows["dlib"], float(weight))
    constants = fit_joint(joint, 128)
    centre, projection = (constants[name].astype(np.float32) for name in ("centre", "projection"))
    return constants | {"weight": weight} | evened_out((joint - centre) @ projection, exponent=0.7)


def evened_out(vectors: np.ndarray, exponent: float) -> dict[str, np.ndarray]:
    crowding = fit_crowding(
        vectors.astype(np.float64), neighbours=10, leading=20, ridge=10.0, exponent=exponent
    )
    return {name: getattr(crowding, name) for name in Crowding.__dataclass_fields__}


FITS = {"2.0": fit_2, "3.0": fit_3}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", choices=FITS, default="3.0")
    parser.add_argument("--out", type=Path, help="the model's own constants where it isn't said")
    parser.add_argument("--limit", type=int, default=3000, help="pictures, drawn at random")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--descriptors", type=Path, help="keep them in this .npz, or take them from it")
    options = parser.parse_args()
    one_thread_each()
    if options.descriptors and options.descriptors.exists():
        with np.load(options.descriptors) as kept:
            rows = {name: kept[name] for name in kept.files}
    else:
        sessions = SessionPool(install(find_pack("default")).paths())
        rows = describe(options.folder, sessions, options.limit, options.seed)
        if options.descriptors:
            np.savez(options.descriptors, **rows)
    out = options.out or CONSTANTS / f"{options.model}.npz"
    np.savez(out, **FITS[options.model](rows))
    print(f"{len(rows['dlib'])} faces, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
