"""The faces of one live picture: upright ones, in the part of it that is worth examining."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.faces.descriptors import FaceDescriptors
from regard.vision.faces.embedding import FaceEmbedder
from regard.vision.geometry import Box
from regard.vision.image import Image


class LiveFindings:
    """The faces in a part of a picture, and their embeddings, each found when it is first asked for.

    `pixels` (H, W, 3), uint8, RGB: the whole picture. `region`: the part that is examined, px.
    """

    def __init__(self, analyzer: FaceAnalyzer, pixels: NDArray[np.uint8], region: Box) -> None:
        self._analyzer = analyzer
        left, top = int(region.left), int(region.top)
        right, bottom = int(region.right), int(region.bottom)
        part = np.ascontiguousarray(pixels[top:bottom, left:right])
        self._image = Image(part, "")
        self._own = analyzer.detect_upright(self._image, longer=float(max(pixels.shape[:2])))
        self._descriptors: FaceDescriptors | None = None
        shift = np.array([left, top], np.float32)
        self.faces: tuple[Face, ...] = tuple(
            replace(face, box=face.box.moved(left, top), landmarks=face.landmarks + shift)
            for face in self._own
        )
        """The faces, the largest first, in px of the whole picture."""

    def embeddings(self, embedder: FaceEmbedder, rows: Sequence[int]) -> NDArray[np.float32]:
        """(K, D): one embedder's vectors of these K rows of `faces`."""
        if not rows:
            return np.zeros((0, embedder.dimension), np.float32)
        if self._descriptors is None:
            self._descriptors = self._analyzer.descriptors(self._image)
        return np.asarray(embedder.embed(self._descriptors, [self._own[row] for row in rows]), np.float32)
