"""Identity: two networks' descriptors of one aligned face, joined into one vector for Euclidean distance.

dlib's ResNet and FaceRes err differently; together they are far better at low false match rates than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.crowding import Crowding
from regard.vision.geometry import unit_rows
from regard.vision.pixels import Floats, Pixels
from regard.vision.runner import Runner

# What fits the caches: FaceRes takes 1.8 times as long a face in a batch of 16.
DLIB_BATCH, FACERES_BATCH = 8, 2
DLIB_SIDE, FACERES_SIDE = 150, 224
FACERES_MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # blue, green, red

# dlib's network sees each face twice, once mirrored, and a little closer than it was trained to. FaceRes
# gains from a wider view, but too little from a mirrored one for the time that it takes.
DLIB_PADDING = 0.2
FACERES_PADDING = 0.45


@dataclass(frozen=True, eq=False, slots=True)
class FaceReadings:
    """All that FaceRes says of N faces; float32.

    `ages` (N, 100): the probability of each year of age. `genders` (N, 1): 0 female to 1 male.
    `descriptors` (N, 1024), not negative. `middles` (N, 14, 14, 512): features half-way through the network.
    """

    ages: Floats
    genders: Floats
    descriptors: Floats
    middles: Floats

    @classmethod
    def join(cls, parts: Sequence[FaceReadings]) -> FaceReadings:
        """The faces of all parts, one part at least, in their order."""
        return cls(
            np.concatenate([part.ages for part in parts]),
            np.concatenate([part.genders for part in parts]),
            np.concatenate([part.descriptors for part in parts]),
            np.concatenate([part.middles for part in parts]),
        )

    def split(self) -> list[FaceReadings]:
        """Those of each face alone, views of these."""
        rows = (slice(row, row + 1) for row in range(len(self.ages)))
        return [
            FaceReadings(self.ages[row], self.genders[row], self.descriptors[row], self.middles[row])
            for row in rows
        ]


class FaceEmbedder:
    """Vectors (N, 384): dlib's 128, then FaceRes's 1,024 reduced to 256, moved by `Crowding`.

    dlib's descriptors of the face and its mirror image are added and brought to unit length. The network is
    meant to be compared without that, but it lets many more genuine pairs match at a low false match rate.
    FaceRes's is taken to its square root and unit length, centred, and projected on the principal directions
    of faces in general. training/fit_embedding.py makes the constants, in `embedding.npz`;
    training/compare_embeddings.py compares the alternatives, and docs/accuracy.md holds what came of it.
    """

    networks = ("dlib-resnet", "faceres")

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        with files("regard.vision.faces").joinpath("embedding.npz").open("rb") as file:
            constants = np.load(file, allow_pickle=False)
            self._centre = constants["centre"].astype(np.float32)
            self._projection = constants["projection"].astype(np.float32)
            self._crowding = Crowding.load(constants)
        self.dimension = len(self._crowding.average)

    def embed(self, pixels: Pixels, landmarks: Floats, readings: FaceReadings | None = None) -> Floats:
        """(N, dimension), float32, for faces of `pixels` (H, W, 3) RGB with `landmarks` (N, 5, 2), px.

        `readings`: what `read_faces` gave for the same faces, so that FaceRes needn't run on them again.
        """
        if not len(landmarks):
            return np.zeros((0, self.dimension), np.float32)
        chips = FaceChips(pixels)
        readings = readings or read_faces(self._runner, chips, landmarks)
        vectors = self.join(describe_by_dlib(self._runner, chips, landmarks), readings.descriptors)
        return self._crowding.even_out(vectors)

    def join(self, dlib: Floats, faceres: Floats) -> Floats:
        """Descriptors (N, 128) and (N, 1024) to vectors (N, dimension) that are not moved yet."""
        return join(dlib, (normalised(faceres) - self._centre) @ self._projection)


def read_faces(runner: Runner, chips: FaceChips, landmarks: Floats) -> FaceReadings:
    """FaceRes on faces with `landmarks` (N, 5, 2), px, N at least 1."""
    parts = [
        read_chips(runner, chips.take(points, FACERES_SIDE, FACERES_PADDING))
        for points in _parts(landmarks, FACERES_BATCH)
    ]
    return FaceReadings(*(np.concatenate(outputs) for outputs in zip(*parts, strict=True)))


def read_chips(runner: Runner, faces: Pixels) -> list[Floats]:
    """FaceRes's outputs, in the order of `FaceReadings`, for chips (N, 224, 224, 3), RGB."""
    shifted = np.subtract(faces[..., ::-1], FACERES_MEAN, order="C", dtype=np.float32)
    return runner.run("faceres", {"input": shifted})


def describe_by_dlib(runner: Runner, chips: FaceChips, landmarks: Floats) -> Floats:
    """dlib's descriptors (N, 128) of the faces and of their mirror images, added."""
    rows = []
    for points in _parts(landmarks, DLIB_BATCH // 2):
        views = [chips.take(points, DLIB_SIDE, DLIB_PADDING, mirrored=mirrored) for mirrored in (False, True)]
        both = runner.run("dlib-resnet", {"input": np.concatenate(views)})[0]
        rows.append(both[: len(points)] + both[len(points) :])
    return np.concatenate(rows)


def _parts(landmarks: Floats, size: int) -> list[Floats]:
    return [landmarks[begin : begin + size] for begin in range(0, len(landmarks), size)]


def join(dlib: Floats, faceres: Floats) -> Floats:
    """dlib's part (N, 128) at unit length, and FaceRes's projected one (N, M) as it is: (N, 128 + M)."""
    return np.concatenate([unit_rows(dlib), faceres], 1)


def normalised(descriptors: Floats) -> Floats:
    """Signed square root, then unit length; (N, D)."""
    return unit_rows(np.sign(descriptors) * np.sqrt(np.abs(descriptors)))
