"""What networks say of aligned faces, before it becomes vectors or attributes; each runs once on a face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from regard.vision.faces.alignment import ARCFACE_TEMPLATE, FaceChips
from regard.vision.faces.face import Face
from regard.vision.geometry import unit_rows
from regard.vision.kept import Kept
from regard.vision.pixels import Copies, Floats, Pixels
from regard.vision.runner import Runner

# What fits the caches: FaceRes takes 1.8 times as long a face in a batch of 16, MobileFaceNet 1.15 times in
# one of four faces, of which it sees two views each. FaceRes ends in products of matrices, whose last bits
# depend on the batch; the others are the same in any.
DLIB_BATCH, FACERES_BATCH, MOBILEFACENET_BATCH = 8, 1, 1
DLIB_SIDE, FACERES_SIDE, MOBILEFACENET_SIDE = 150, 224, 112
FACERES_MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # blue, green, red

# dlib's network sees a face a little closer than it was trained to. FaceRes gains from a wider view, but too
# little from a mirrored one for the time that it takes.
DLIB_PADDING = 0.2
FACERES_PADDING = 0.45

# MobileFaceNet gains from a second view, the most from one that differs: mirrored, and 8 % wider.
MOBILEFACENET_VIEWS = ((0.0, False), (0.0435, True))  # padding, mirrored


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


class FaceDescriptors:
    """What networks say of the faces of one picture, asked when somebody first wants it, and once a face.

    Several face models may join what one network says, and attributes need it too. Not for several threads
    at a time.
    """

    def __init__(self, runner: Runner, picture: Pixels | Copies) -> None:
        """`picture` (H, W, 3), uint8, RGB: the upright one that faces are found in."""
        self._runner = runner
        self._chips = FaceChips(picture)
        self._readings: Kept[Face, FaceReadings] = Kept()
        self._dlib: Kept[Face, Floats] = Kept()
        self._dlib_mirrored: Kept[Face, Floats] = Kept()
        self._mobilefacenet: Kept[Face, Floats] = Kept()

    def readings(self, faces: Sequence[Face]) -> FaceReadings:
        """All that FaceRes says of these faces, one at least, in their order."""
        return FaceReadings.join(self._readings.of(faces, self._read))

    def dlib(self, faces: Sequence[Face]) -> Floats:
        """dlib's descriptors (N, 128) of these faces, one at least."""
        return np.stack(self._dlib.of(faces, self._describe_by_dlib))

    def dlib_both(self, faces: Sequence[Face]) -> Floats:
        """dlib's descriptors (N, 128) of these faces, one at least, and of their mirror images, added."""
        mirrored = self._dlib_mirrored.of(faces, self._describe_mirrored_by_dlib)
        return self.dlib(faces) + np.stack(mirrored)

    def mobilefacenet(self, faces: Sequence[Face]) -> Floats:
        """MobileFaceNet's descriptors (N, 192) of these faces, one at least, from two views each."""
        return np.stack(self._mobilefacenet.of(faces, self._describe_by_mobilefacenet))

    def _read(self, faces: Sequence[Face]) -> Sequence[FaceReadings]:
        return read_faces(self._runner, self._chips, landmarks_of(faces)).split()

    def _describe_by_dlib(self, faces: Sequence[Face]) -> Sequence[Floats]:
        return list(describe_by_dlib(self._runner, self._chips, landmarks_of(faces)))

    def _describe_mirrored_by_dlib(self, faces: Sequence[Face]) -> Sequence[Floats]:
        return list(describe_by_dlib(self._runner, self._chips, landmarks_of(faces), mirrored=True))

    def _describe_by_mobilefacenet(self, faces: Sequence[Face]) -> Sequence[Floats]:
        return list(describe_by_mobilefacenet(self._runner, self._chips, landmarks_of(faces)))


def landmarks_of(faces: Sequence[Face]) -> Floats:
    """(N, 5, 2), px of the upright picture."""
    return np.array([face.landmarks for face in faces], np.float32).reshape(-1, 5, 2)


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


def describe_by_dlib(
    runner: Runner, chips: FaceChips, landmarks: Floats, *, mirrored: bool = False
) -> Floats:
    """dlib's descriptors (N, 128) of faces with `landmarks` (N, 5, 2), px, or of their mirror images."""
    views = (
        chips.take(points, DLIB_SIDE, DLIB_PADDING, mirrored=mirrored)
        for points in _parts(landmarks, DLIB_BATCH)
    )
    return np.concatenate([runner.run("dlib-resnet", {"input": view})[0] for view in views])


def describe_by_mobilefacenet(runner: Runner, chips: FaceChips, landmarks: Floats) -> Floats:
    """MobileFaceNet's descriptors (N, 192) of the faces and of wider mirror images of them, added, each at
    unit length.
    """
    rows = []
    for points in _parts(landmarks, MOBILEFACENET_BATCH):
        views = [
            chips.take(points, MOBILEFACENET_SIDE, padding, template=ARCFACE_TEMPLATE, mirrored=mirrored)
            for padding, mirrored in MOBILEFACENET_VIEWS
        ]
        values = (np.concatenate(views).astype(np.float32) - 127.5) / 128
        both = unit_rows(runner.run("mobilefacenet", {"input": values})[0])
        rows.append(both[: len(points)] + both[len(points) :])
    return np.concatenate(rows)


def _parts(landmarks: Floats, size: int) -> list[Floats]:
    return [landmarks[begin : begin + size] for begin in range(0, len(landmarks), size)]


def normalised(descriptors: Floats) -> Floats:
    """Signed square root, then unit length; (N, D)."""
    return unit_rows(np.sign(descriptors) * np.sqrt(np.abs(descriptors)))
