"""What can be found out about faces but who they are: where they are, and how they would be described."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regard.vision.faces.alignment import FaceChips
from regard.vision.faces.appearance import CHIP, confidence_of, measure_quality
from regard.vision.faces.attributes import Attributes
from regard.vision.faces.blazeface import BlazeFace
from regard.vision.faces.describer import FaceDescriber
from regard.vision.faces.descriptors import FaceDescriptors, landmarks_of
from regard.vision.faces.detector import FaceDetector
from regard.vision.faces.face import Face
from regard.vision.faces.mtcnn import FaceCandidates, Mtcnn
from regard.vision.faces.pose import estimate_poses
from regard.vision.features import NETWORK
from regard.vision.geometry import Box
from regard.vision.image import Image
from regard.vision.runner import Runner


class FaceAnalyzer:
    """Detection by MTCNN, BlazeFace and MobileNetV2; attributes by FaceRes, FaceMesh, an expression network
    and heads of our own. Safe to share by threads.
    """

    networks = (*Mtcnn.networks, *BlazeFace.networks, NETWORK, *FaceDescriber.networks)

    def __init__(self, sessions: Runner) -> None:
        self._runner = sessions
        self._detector = FaceDetector(sessions)
        self._describer = FaceDescriber(sessions)

    @property
    def runner(self) -> Runner:
        """What runs its networks, for whoever observes faces frame by frame."""
        return self._runner

    def detect(self, image: Image, *, limit: int = 100) -> list[Face]:
        """The faces of a picture, largest first, at most `limit`."""
        return self._largest(image, self._detector.detect(image.copies), limit)

    def detect_upright(self, image: Image, *, longer: float, limit: int = 100) -> list[Face]:
        """The same of the faces that stand upright, which takes a part of the time.

        `longer` is the longer side, px, of the picture that this one is cut from.
        """
        return self._largest(image, self._detector.detect_upright(image.copies, longer=longer), limit)

    def _largest(self, image: Image, found: FaceCandidates, limit: int) -> list[Face]:
        sizes = np.prod(found.boxes[:, 2:] - found.boxes[:, :2], 1)
        found = found.take(np.argsort(-sizes, kind="stable")[:limit])
        if not len(found):
            return []
        chips = FaceChips(image.copies).take(found.landmarks, CHIP, padding=0.0)
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

    def descriptors(self, image: Image) -> FaceDescriptors:
        """What networks say of the picture's faces, for all who ask about one picture."""
        return FaceDescriptors(self._runner, image.copies)

    def describe(
        self, image: Image, faces: Sequence[Face], descriptors: FaceDescriptors | None = None
    ) -> list[Attributes]:
        """The attributes of each face. `descriptors`: those of the same picture, if there are any already."""
        if not len(faces):
            return []
        descriptors = descriptors or self.descriptors(image)
        return self._describer.describe(image.copies, landmarks_of(faces), descriptors.readings(faces))
