"""Identity: what networks say of one aligned face, joined into one vector for Euclidean distance.

Networks err differently: two together are far better at low false match rates than either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.crowding import Crowding
from regard.vision.faces.descriptors import FaceDescriptors, normalised
from regard.vision.faces.face import Face
from regard.vision.geometry import unit_rows
from regard.vision.pixels import Floats
from regard.vision.rows import by_row


class FaceEmbedder(Protocol):
    """What makes vectors of faces. It runs no network itself: it joins what is said of a face. A face's
    vector is the same, bit by bit, whichever others are asked for with it. Safe to share by threads.
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
        constants = _constants("2.0")
        self._centre, self._projection = constants["centre"], constants["projection"]
        self._crowding = Crowding.load(constants)
        self.dimension = len(self._crowding.average)

    def embed(self, descriptors: FaceDescriptors, faces: Sequence[Face]) -> Floats:
        if not len(faces):
            return np.zeros((0, self.dimension), np.float32)
        return by_row(self._embed, descriptors.dlib_both(faces), descriptors.readings(faces).descriptors)

    def _embed(self, dlib: Floats, faceres: Floats) -> Floats:
        return self._crowding.even_out(self.join(dlib, faceres))

    def join(self, dlib: Floats, faceres: Floats) -> Floats:
        """Descriptors (N, 128) and (N, 1024) to vectors (N, dimension) that are not moved yet."""
        return join(dlib, (normalised(faceres) - self._centre) @ self._projection)


class MobileFaceNetDlibEmbedder:
    """Face model 3.0: vectors (N, 128), MobileFaceNet's 192 numbers and dlib's 128 projected, then moved by
    `Crowding`.

    MobileFaceNet's descriptors of two views of the face are added and brought to unit length, and dlib's, of
    one view, to a length of its own. The joint vector is centred and projected on the
    principal directions of faces in general, which leave hardly anything of it out.
    training/fit_embedding.py makes the constants, in `embeddings/3.0.npz`; training/compare_embeddings.py
    compares the alternatives, and docs/accuracy.md holds what came of it.
    """

    networks = ("mobilefacenet", "dlib-resnet")

    def __init__(self) -> None:
        constants = _constants("3.0")
        self._centre, self._projection = constants["centre"], constants["projection"]
        self._weight = float(constants["weight"])
        self._crowding = Crowding.load(constants)
        self.dimension = len(self._crowding.average)

    def embed(self, descriptors: FaceDescriptors, faces: Sequence[Face]) -> Floats:
        if not len(faces):
            return np.zeros((0, self.dimension), np.float32)
        return by_row(self._embed, descriptors.mobilefacenet(faces), descriptors.dlib(faces))

    def _embed(self, mobilefacenet: Floats, dlib: Floats) -> Floats:
        joint = join_mobilefacenet(mobilefacenet, dlib, self._weight)
        return self._crowding.even_out((joint - self._centre) @ self._projection)


def _constants(version: str) -> Mapping[str, NDArray[Any]]:
    with files("regard.vision.faces").joinpath("embeddings", f"{version}.npz").open("rb") as file:
        constants = np.load(file, allow_pickle=False)
        return {name: constants[name].astype(np.float32) for name in constants.files}


def join(dlib: Floats, faceres: Floats) -> Floats:
    """dlib's part (N, 128) at unit length, and FaceRes's projected one (N, M) as it is: (N, 128 + M)."""
    return np.concatenate([unit_rows(dlib), faceres], 1)


def join_mobilefacenet(mobilefacenet: Floats, dlib: Floats, weight: float) -> Floats:
    """MobileFaceNet's part (N, 192) at unit length, dlib's (N, 128) at the length `weight`: (N, 320)."""
    return np.concatenate([unit_rows(mobilefacenet), np.float32(weight) * unit_rows(dlib)], 1)
