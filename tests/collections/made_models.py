"""Face models beside 2.0: of which tests make the vectors themselves, and one on real networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from regard.collections.face_models import FACE_MODELS, FaceModel, FaceModels
from regard.collections.similarity import SimilarityCurve
from regard.collections.user_vector import UserVectors
from regard.vision.faces import Face
from regard.vision.faces.descriptors import FaceDescriptors
from regard.vision.geometry import unit_rows
from regard.vision.pixels import Floats


def models_of(
    dimension: int, vectors: UserVectors | None = None, versions: tuple[str, ...] = ("1", "2")
) -> FaceModels:
    """Models of which a vector has `dimension` numbers, with the curve of 2.0; by `vectors` faces become a
    user's.
    """
    real = FACE_MODELS["2.0"]
    load = real.load_user_vectors if vectors is None else lambda: vectors
    made = (replace(real, version=one, dimension=dimension, load_user_vectors=load) for one in versions)
    return FaceModels({model.version: model for model in made})


class DlibEmbedder:
    """What dlib's network says of a face and its mirror image, alone, (N, 128) of unit length."""

    networks = ("dlib-resnet",)
    dimension = 128

    def embed(self, descriptors: FaceDescriptors, faces: Sequence[Face]) -> Floats:
        return unit_rows(descriptors.dlib_both(faces)) if len(faces) else np.zeros((0, 128), np.float32)


DLIB_ALONE = FaceModel(
    version="2.0-dlib",
    dimension=128,
    curve=SimilarityCurve(0.45, 12.0),
    appearance=FACE_MODELS["2.0"].appearance,
    alike_frames=0.6,
    load_user_vectors=partial(UserVectors, np.zeros(128, np.float32), 0.5),
    load_embedder=DlibEmbedder,
    networks=DlibEmbedder.networks,
)
NEWEST = FaceModels().default
OTHER = DLIB_ALONE if NEWEST.version == "2.0" else NEWEST
"""A second real model beside 2.0: the newest of Regard's own, where there is one."""

BOTH = {"2.0": FACE_MODELS["2.0"], OTHER.version: OTHER}
