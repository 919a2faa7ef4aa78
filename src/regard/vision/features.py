"""What a picture, or a part of one, shows as a whole: MobileNetV2's features, and linear heads on them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.geometry import sigmoid
from regard.vision.pixels import Floats, Pixels, resize
from regard.vision.runner import Runner

NETWORK = "mobilenetv2"
SIDE = 224  # px
_BATCH = 16


@dataclass(frozen=True, eq=False, slots=True)
class FeatureHead:
    """`outputs` name what it tells; `weights` (1280, O) and `bias` (O,) act on the features' square roots."""

    outputs: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def probabilities(self, features: Floats) -> NDArray[np.float64]:
        """(N, O), 0 to 1, for features (N, 1280). Each output stands for itself: none or several may be."""
        return sigmoid(np.sqrt(np.maximum(features, 0)) @ self.weights + self.bias)


def read_features(runner: Runner, pictures: NDArray[np.uint8]) -> Floats:
    """(N, 1280) of pictures (N, H, W, 3), each stretched to a square."""
    return read_chip_features(runner, np.stack([resize(pixels, SIDE, SIDE) for pixels in pictures]))


def read_chip_features(runner: Runner, chips: Pixels) -> Floats:
    """(N, 1280) of chips (N, SIDE, SIDE, 3)."""
    parts = [
        runner.run(NETWORK, {"input": chips[begin : begin + _BATCH]})[0]
        for begin in range(0, len(chips), _BATCH)
    ]
    return np.asarray(np.concatenate(parts), np.float32) if parts else np.zeros((0, 1280), np.float32)


def load_feature_head(package: str, name: str) -> FeatureHead:
    """The head whose weights are `NAME.npz` of a package."""
    with files(package).joinpath(f"{name}.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        outputs = tuple(str(output) for output in stored["outputs"])
        return FeatureHead(outputs, stored["weights"].astype(np.float64), stored["bias"].astype(np.float64))
