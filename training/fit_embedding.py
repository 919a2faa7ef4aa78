"""Fit the projection of FaceRes's descriptors: principal directions of the faces in FairFace (CC BY 4.0).

    python training/fit_embedding.py ../shared/data/fairface --out src/regard/vision/faces/embedding.npz

Needs the default model pack (`regard models install default`). No identity is used, only how faces in general
vary, so nothing here is tuned to the people that accuracy is measured on. Power and weight were chosen on the
development folds of LFW: scaling the directions towards each other costs accuracy.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from regard.packs.install import install
from regard.packs.manifest import find_pack
from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.embedding import describe, normalised
from regard.vision.image import decode_image
from regard.vision.session import SessionPool


def descriptors(folder: Path, sessions: SessionPool, limit: int | None) -> np.ndarray:
    """FaceRes's descriptor of the largest face of every picture, (N, 1024)."""
    detector = FaceDetector(sessions)
    rows = []
    for file in sorted(folder.rglob("*.jpg"))[:limit]:
        pixels = decode_image(file.read_bytes(), min_side=20).pixels
        found = detector.detect(pixels)
        if len(found):
            largest = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], 1).argmax()
            rows.append(describe(sessions, FaceChips(pixels), found.landmarks[largest : largest + 1])[0])
    return np.array(rows)


def fit(rows: np.ndarray, dimension: int, power: float, weight: float) -> dict[str, np.ndarray]:
    """Centre (1024,) and projection (1024, dimension), float16.

    Direction i is scaled by (λ₀ / λᵢ)^power, λ its variance, and all so that the mean length is `weight`
    times what it was.
    """
    rows = normalised(rows)
    centre = rows.mean(0)
    values, directions = np.linalg.eigh(np.cov(rows - centre, rowvar=False))
    order = np.argsort(-values)[:dimension]
    values, directions = values[order], directions[:, order]
    directions = directions * np.sign(directions[np.abs(directions).argmax(0), np.arange(dimension)])
    scales = (values[0] / values) ** power
    scales *= weight * np.sqrt(values.sum() / (values * scales**2).sum())
    return {"centre": centre.astype(np.float16), "projection": (directions * scales).astype(np.float16)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--power", type=float, default=0.0)
    parser.add_argument("--weight", type=float, default=0.65)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    sessions = SessionPool(install(find_pack("default")).paths())
    found = descriptors(options.folder, sessions, options.limit)
    np.savez(options.out, **fit(found, options.dimension, options.power, options.weight))
    print(f"{len(found)} faces, {options.out.stat().st_size} bytes")
