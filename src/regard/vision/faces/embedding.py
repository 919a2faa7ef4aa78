"""Identity: what networks say of one aligned face, joined into one vector for Euclidean distance.

Networks err differently: two together are far better at low false match rates than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Protocol

import numpy as np

from regard.vision.faces.crowding import Crowding
from regard.vision.faces.descriptors import FaceDescriptors, normalised
from regard.vision.faces.face import Face
from regard.vision.geometry import unit_rows
from regard.vision.pixels import Floats


class FaceEmbedder(Protocol):
    """What makes vectors of faces. It runs no network itself: it joins what is said of a face.
    Safe to share by threads.
    """

    dimension: int

    def embed(self, descriptors: FaceDescriptors, faces: Sequence[Face]) -> Floats:
        """(N, dimension), float32, for `faces` of the picture that `descriptors` is about; N may be 0."""


class DlibFaceResEmbedder:
    """Face model 2.0: vectors (N, 384): dlib's 128, then FaceRes's 1,024 reduced to 256, moved by `Crowding`.

    dlib's descriptors of the face and its mirror image are added and brought to unit length. The network is
    meant to be compared without that, but it lets many more genuine pairs match at a low false match rate.
    FaceRes's is taken to its square root and unit length, centred, and projected on the principal directions
    of faces in general. training/fit_embedding.py makes the constants, in `embeddings/2.0.npz`;
    training/compare_embeddings.py compares the alternatives, and docs/accuracy.md holds what came of it.
    """

    networks = ("dlib-resnet", "faceres")

    def __init__(self) -> None:
        with files("regard.vision.faces").joinpath("embeddings", "2.0.npz").open("rb") as file:
            constants = np.load(file, allow_pickle=False)
            self._centre = constants["centre"].astype(np.float32)
            self._projection = constants["projection"].astype(np.float32)
            self._crowding = Crowding.load(constants)
        self.dimension = len(self._crowding.average)

    def embed(self, descriptors: FaceDescriptors, faces: Sequence[Face]) -> Floats:
        if not len(faces):
            return np.zeros((0, self.dimension), np.float32)
        vectors = self.join(descriptors.dlib(faces), descriptors.readings(faces).descriptors)
        return self._crowding.even_out(vectors)

    def join(self, dlib: Floats, faceres: Floats) -> Floats:
        """Descriptors (N, 128) and (N, 1024) to vectors (N, dimension) that are not moved yet."""
        return join(dlib, (normalised(faceres) - self._centre) @ self._projection)


def join(dlib: Floats, faceres: Floats) -> Floats:
    """dlib's part (N, 128) at unit length, and FaceRes's projected one (N, M) as it is: (N, 128 + M)."""
    return np.concatenate([unit_rows(dlib), faceres], 1)
