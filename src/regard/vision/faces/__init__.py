"""Faces: where they are, how they are turned, and what tells them apart."""

from regard.vision.faces.analyzer import FaceAnalyzer
from regard.vision.faces.face import Face, Pose, Quality

__all__ = ["Face", "FaceAnalyzer", "Pose", "Quality"]
