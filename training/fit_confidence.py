"""Fit how sure a find is to be a face: a logistic curve on the logit of MTCNN's last network.

    python training/fit_confidence.py ../shared/data

Finds in dlib's photos, WIDER FACE (upright, and turned by 20°, 45° and 90°) and landscapes, true where an
annotated face is. Prints the constants of src/regard/vision/faces/appearance.py, and what they say about
pictures that they were not fitted on (two halves, each judged by the other's fit).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.detector import FaceDetector
from regard.vision.session import SessionPool

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
from face_detection import matched
from face_sets import dlib_faces, landscapes, turned, wider


def fit(logits: np.ndarray, true: np.ndarray) -> tuple[float, float]:
    """Slope and offset by maximum likelihood (Newton), with a weak pull of the slope towards 1."""
    features = np.stack([logits, np.ones_like(logits)], 1)
    weights, prior = np.array([1.0, 0.0]), np.diag([1.0, 1e-3])
    for _ in range(50):
        probability = 1 / (1 + np.exp(-features @ weights))
        gradient = features.T @ (probability - true) + prior @ (weights - [1.0, 0.0])
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features + prior
        weights = weights - np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    options = parser.parse_args()
    detector = FaceDetector(SessionPool(install(find_pack("default")).paths()))
    sets = [dlib_faces(options.data), wider(options.data, 0), landscapes(options.data)]
    sets += [turned(wider(options.data, 0), degrees) for degrees in (20, 45, 90)]
    logits, true, half = [], [], []
    for pictures in sets:
        for number, (pixels, truth, _) in enumerate(pictures):
            found = detector.detect(pixels)
            logits.append(found.logits)
            true.append(matched(found.boxes, truth)[1])
            half.append(np.full(len(found), number % 2))
    x, y, part = np.concatenate(logits), np.concatenate(true).astype(float), np.concatenate(half)
    slope, offset = fit(x, y)
    print(f"{len(x)} finds, {int(y.sum())} true: slope {slope:.3f}, offset {offset:.3f}")
    said = np.zeros_like(x)
    for side in (0, 1):
        a, b = fit(x[part != side], y[part != side])
        said[part == side] = 100 / (1 + np.exp(-(a * x[part == side] + b)))
    print("| confidence | finds | said | true |\n|---|---|---|---|")
    for low, high in [(0, 80), (80, 90), (90, 95), (95, 99), (99, 99.9), (99.9, 101)]:
        inside = (said >= low) & (said < high)
        if inside.any():
            share = 100 * y[inside].mean()
            print(f"| {low}–{min(high, 100)} | {inside.sum()} | {said[inside].mean():.1f} | {share:.1f} |")


if __name__ == "__main__":
    main()
