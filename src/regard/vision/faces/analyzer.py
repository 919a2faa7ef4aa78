"""The face model that the rest of Regard uses: detect, then embed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.appearance import CHIP, confidence_of, measure_quality
from regard.vision.faces.attributes import Attributes
from regard.vision.faces.describer import FaceDescriber
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.embedding import FaceEmbedder, FaceReadings, read_faces
from regard.vision.faces.face import Face
from regard.vision.faces.pose import estimate_poses
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.pixels import Floats
from regard.vision.runner import Runner


class FaceAnalyzer:
    """Detection by MTCNN and BlazeFace, embedding by dlib's ResNet and FaceRes, attributes by FaceRes,
    FaceMesh, an expression network and heads of our own. Safe to share by threads.
    """

    version = "2.0"  # of detector, alignment and embedding together: vectors of two versions don't compare
    networks = ("mtcnn-pnet", "mtcnn-rnet", "mtcnn-onet", "blazeface", "dlib-resnet", *FaceDescriber.networks)

    def __init__(self, sessions: Runner) -> None:
        self._runner = sessions
        self._detector = FaceDetector(sessions)
        self._describer = FaceDescriber(sessions)
        self._embedder = FaceEmbedder(sessions)
        self.dimension = self._embedder.dimension

    def detect(self, image: Image, *, limit: int = 100) -> list[Face]:
        """The faces of a picture, largest first, at most `limit`."""
        found = self._detector.detect(image.pixels)
        sizes = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], 1)
        found = found.take(np.argsort(-sizes, kind="stable")[:limit])
        if not len(found):
            return []
        chips = FaceChips(image.pixels).take(found.landmarks, CHIP, padding=0.0)
        corners = np.concatenate([found.boxes[:, :2], found.boxes[:, 2:] - found.boxes[:, :2]], 1).tolist()
        return [
            Face(Box(*corner), confidence, landmarks, pose, quality)
            for corner, confidence, landmarks, pose, quality in zip(
                corners,
                confidence_of(found.logits).tolist(),
                found.landmarks,
                estimate_poses(found.landmarks),
                measure_quality(chips),
                strict=True,
            )
        ]

    def read(self, image: Image, faces: Sequence[Face]) -> FaceReadings:
        """What `embed` and `describe` both need, of one face at least, for who wants both: FaceRes then runs
        once.
        """
        return read_faces(self._runner, FaceChips(image.pixels), _landmarks(faces))

    def embed(self, image: Image, faces: Sequence[Face], readings: FaceReadings | None = None) -> Floats:
        """One row a face, (N, dimension), float32; Euclidean distance tells how alike two faces are.

        `readings`: those of the same faces, by `read`.
        """
        return self._embedder.embed(image.pixels, _landmarks(faces), readings)

    def describe(
        self, image: Image, faces: Sequence[Face], readings: FaceReadings | None = None
    ) -> list[Attributes]:
        """The attributes of each face. `readings`: those of the same faces, by `read`."""
        return self._describer.describe(image.pixels, _landmarks(faces), readings)


def _landmarks(faces: Sequence[Face]) -> Floats:
    return np.array([face.landmarks for face in faces], np.float32).reshape(-1, 5, 2)
