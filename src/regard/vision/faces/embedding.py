"""Identity: two networks' descriptors of one aligned face, joined into one vector for Euclidean distance.

dlib's ResNet and FaceRes err differently; together they are far better at low false match rates than either.
"""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.alignment import FaceChips
from regard.vision.model import Runner
from regard.vision.pixels import Floats, Pixels

# What fits the caches: FaceRes takes 1.8 times as long a face in a batch of 16.
DLIB_BATCH, FACERES_BATCH = 8, 2
FACERES_MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # blue, green, red
FACERES_SIDE = 224
FACERES_PADDING = 0.45  # FaceRes gains from a wider view than dlib's network was trained on
DLIB_SIDE = 150


class FaceEmbedder:
    """Vectors (N, 384): dlib's 128, of unit length, then FaceRes's 1,024 reduced to 256 by `embedding.npz`.

    dlib's network is meant to be compared without the division by its length, but the division takes the
    share of genuine pairs that match, at one false match in ten thousand, from .69 to .78. FaceRes's is
    taken to its signed square root and unit length, centred, and projected on the principal directions of
    faces in general (training/fit_embedding.py). docs/accuracy.md compares the alternatives.
    """

    networks = ("dlib-resnet", "faceres")

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        with files("regard.vision.faces").joinpath("embedding.npz").open("rb") as file:
            constants = np.load(file, allow_pickle=False)
            self._centre = constants["centre"].astype(np.float32)
            self._projection = constants["projection"].astype(np.float32)
        self.dimension = 128 + self._projection.shape[1]

    def embed(self, pixels: Pixels, landmarks: Floats) -> Floats:
        """(N, dimension), float32, for faces of `pixels` (H, W, 3) RGB with `landmarks` (N, 5, 2), px."""
        if not len(landmarks):
            return np.zeros((0, self.dimension), np.float32)
        chips = FaceChips(pixels)
        dlib = np.concatenate(
            [
                self._runner.run("dlib-resnet", {"input": chips.take(points, DLIB_SIDE)})[0]
                for points in _parts(landmarks, DLIB_BATCH)
            ]
        )
        dlib = dlib / np.maximum(np.linalg.norm(dlib, axis=1, keepdims=True), 1e-9)
        return np.concatenate([dlib, self.project(describe(self._runner, chips, landmarks))], 1)

    def project(self, descriptors: Floats) -> Floats:
        """Descriptors (N, 1024) to (N, 256)."""
        projected = (normalised(descriptors) - self._centre) @ self._projection
        return np.asarray(projected, np.float32)


def describe(runner: Runner, chips: FaceChips, landmarks: Floats) -> Floats:
    """FaceRes's own descriptors (N, 1024) of faces with `landmarks` (N, 5, 2), px."""
    rows = []
    for points in _parts(landmarks, FACERES_BATCH):
        faces = chips.take(points, FACERES_SIDE, FACERES_PADDING)
        shifted = np.subtract(faces[..., ::-1], FACERES_MEAN, order="C", dtype=np.float32)
        rows.append(runner.run("faceres", {"input": shifted})[2])
    return np.concatenate(rows)


def _parts(landmarks: Floats, size: int) -> list[Floats]:
    return [landmarks[begin : begin + size] for begin in range(0, len(landmarks), size)]


def normalised(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Signed square root, then unit length; (N, D)."""
    rooted = np.sign(descriptors) * np.sqrt(np.abs(descriptors))
    return np.asarray(rooted / np.maximum(np.linalg.norm(rooted, axis=1, keepdims=True), 1e-9), np.float32)
