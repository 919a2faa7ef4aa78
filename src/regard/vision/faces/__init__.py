"""Faces: where they are, how they look at the camera, and what tells them apart."""

from regard.vision.faces.analyzer import FaceAnalyzer
from regard.vision.faces.face import Box, Face, Pose, Quality

__all__ = ["Box", "Face", "FaceAnalyzer", "Pose", "Quality"]
