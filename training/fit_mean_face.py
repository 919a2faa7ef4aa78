"""Fit the mean face: the average mesh of FairFace's faces (CC BY 4.0), symmetric, and its stiff points.

    python -m training.fit_mean_face ../shared/data/fairface --out src/regard/vision/faces/mean_face.npz

Generalised Procrustes analysis of the meshes of faces that look into the camera. No label is used. A face is
in the set a second time as its mirror image, so that the mean is symmetric. Its upright direction is that of
the average face: people who are photographed look up as often as down.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.mesh import FaceMesh
from regard.vision.faces.pose import estimate_poses
from regard.vision.image import decode_image
from regard.vision.pixels import Copies
from regard.vision.session import SessionPool

FRONTAL = 20  # degrees of yaw, by five landmarks
STIFF = 120  # points
ROUNDS = 8


def meshes(folder: Path, limit: int) -> np.ndarray:
    """(N, 468, 3) of the first `limit` faces that look into the camera."""
    sessions = SessionPool(install(find_pack("default")).paths())
    detector, mesher = FaceDetector(sessions), FaceMesh(sessions)
    with (folder / "labels.csv").open() as file:
        names = [row["file"] for row in csv.DictReader(file)]
    found = []
    for name in names:
        pixels = decode_image((folder / name).read_bytes(), min_side=20).pixels
        faces = detector.detect(pixels)
        if not len(faces):
            continue
        largest = faces.landmarks[[np.prod(faces.boxes[:, 2:] - faces.boxes[:, :2], 1).argmax()]]
        if abs(estimate_poses(largest)[0].yaw) < FRONTAL:
            mesh = mesher.fit(Copies(pixels), largest)
            if mesh.scores[0] > 0.9:
                found.append(mesh.points[0, :468])
        if len(found) == limit:
            break
    return np.array(found, np.float64)


def mirror_places(mean: np.ndarray) -> np.ndarray:
    """Which point is each one's mirror image: the nearest to it once the face is mirrored."""
    flipped = mean * [-1, 1, 1]
    return np.linalg.norm(flipped[:, None] - mean[None], axis=2).argmin(1)


def onto(points: np.ndarray, mean: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Points (N, 468, 3) moved, turned and scaled so that the chosen ones lie best on the mean's."""
    model = mean[chosen] - mean[chosen].mean(0)
    centred = points - points[:, chosen].mean(1, keepdims=True)
    left, spread, right = np.linalg.svd(np.einsum("nki,kj->nij", centred[:, chosen], model))
    sign = np.ones_like(spread)
    sign[:, 2] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    turn = np.einsum("nij,nj,njk->nik", left, sign, right)
    scale = (spread * sign).sum(1) / (model**2).sum()
    return np.einsum("nkj,nji->nki", centred, turn) / scale[:, None, None] + mean[chosen].mean(0)


def fit(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean (468, 3), the eyes' outer corners one apart, and the stiff points' places (STIFF,)."""
    points = points - points.mean(1, keepdims=True)
    points /= np.linalg.norm(points[:, 33] - points[:, 263], axis=1)[:, None, None]
    mean, chosen = points.mean(0), np.arange(468)
    places = mirror_places(mean - mean.mean(0))
    for _ in range(ROUNDS):
        both = np.concatenate([points, points[:, places] * [-1, 1, 1]])
        moved = onto(both, mean, chosen)
        mean = moved.mean(0)
        mean = (mean + mean[places] * [-1, 1, 1]) / 2
        mean -= mean.mean(0)
        mean /= np.linalg.norm(mean[33] - mean[263])
        places = mirror_places(mean)
        restless = ((moved - mean) ** 2).sum(2).mean(0)
        chosen = np.argsort(restless + restless[places])[:STIFF]
    upright = _upright(points, mean, chosen)
    return mean @ upright.T, np.sort(chosen)


def _upright(points: np.ndarray, mean: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """The turn about x that the median face has against the mean's own frame."""
    model = mean[chosen] - mean[chosen].mean(0)
    centred = points[:, chosen] - points[:, chosen].mean(1, keepdims=True)
    left, _, right = np.linalg.svd(np.einsum("nki,kj->nij", centred, model))
    turn = left @ right
    forward = -turn[:, :, 2]
    angle = np.median(np.arctan2(forward[:, 1], -forward[:, 2]))
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[1, 0, 0], [0, cos, -sin], [0, sin, cos]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=2000)
    options = parser.parse_args()
    found = meshes(options.folder, options.limit)
    mean, stiff = fit(found)
    np.savez(options.out, points=mean.astype(np.float32), stiff=stiff.astype(np.int16))
    print(f"{len(found)} faces, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
