"""Scenes: a linear head on the classifier's features, trained by training/fit_labels.py."""

from __future__ import annotations

from collections.abc import Mapping

from regard.vision.features import load_feature_head
from regard.vision.pixels import Floats


class SceneHead:
    """Safe to share by threads."""

    def __init__(self) -> None:
        self._head = load_feature_head("regard.vision.labels", "scenes")

    def read(self, features: Floats) -> Mapping[str, float]:
        """The probability, 0 to 1, of everything that the head knows, for a picture's features (1280,)."""
        probabilities = self._head.probabilities(features[None])
        return dict(zip(self._head.outputs, probabilities[0].tolist(), strict=True))
