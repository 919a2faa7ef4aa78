"""What a picture shows as a whole: a linear head on MobileNetV2's features, trained by
training/fit_labels.py."""

from __future__ import annotations

from collections.abc import Mapping

from regard.vision.features import NETWORK, load_feature_head, read_features
from regard.vision.pixels import Pixels
from regard.vision.runner import Runner


class SceneReader:
    """Safe to share by threads."""

    networks = (NETWORK,)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._head = load_feature_head("regard.vision.labels", "scenes")

    def read(self, pixels: Pixels) -> Mapping[str, float]:
        """The probability, 0 to 1, of everything that the head knows, for a picture (H, W, 3)."""
        probabilities = self._head.probabilities(read_features(self._runner, pixels[None]))
        return dict(zip(self._head.outputs, probabilities[0].tolist(), strict=True))
