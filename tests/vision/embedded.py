"""Faces' vectors by the model of new collections."""

from __future__ import annotations

from collections.abc import Sequence

from regard.collections.face_models import FaceModels
from regard.vision.faces import Face, FaceAnalyzer
from regard.vision.image import Image
from regard.vision.pixels import Floats

MODEL = FaceModels().default


def embed(analyzer: FaceAnalyzer, image: Image, faces: Sequence[Face]) -> Floats:
    """(N, MODEL.dimension)"""
    return MODEL.embedder.embed(analyzer.descriptors(image), faces)
