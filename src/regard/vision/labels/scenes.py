"""What a picture shows as a whole: a linear head on MobileNetV2's features, trained by
training/fit_labels.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.heads import sigmoid
from regard.vision.model import Runner
from regard.vision.pixels import Floats, Pixels, resize

SIDE = 224  # px


@dataclass(frozen=True, eq=False, slots=True)
class SceneHead:
    """`outputs` name labels; `weights` (1280, O) and `bias` (O,) act on the features' square roots."""

    outputs: tuple[str, ...]
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    def chances(self, features: Floats) -> NDArray[np.float64]:
        """(N, O), 0 to 1, for features (N, 1280). Each stands for itself: a picture may show none or
        several."""
        return sigmoid(np.sqrt(np.maximum(features, 0)) @ self.weights + self.bias)


class SceneReader:
    """Safe to share by threads."""

    networks = ("mobilenetv2",)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._head = load_scene_head()

    def read(self, pixels: Pixels) -> Mapping[str, float]:
        """The chance, 0 to 1, of everything that the head knows, for a picture (H, W, 3)."""
        chances = self._head.chances(read_features(self._runner, pixels[None]))
        return dict(zip(self._head.outputs, chances[0].tolist(), strict=True))


def read_features(runner: Runner, pictures: NDArray[np.uint8]) -> Floats:
    """(N, 1280) of pictures (N, H, W, 3), each stretched to a square."""
    batch = np.stack([resize(pixels, SIDE, SIDE) for pixels in pictures])
    return np.asarray(runner.run("mobilenetv2", {"input": batch})[0], np.float32)


@cache
def load_scene_head() -> SceneHead:
    with files("regard.vision.labels").joinpath("scenes.npz").open("rb") as file:
        stored = np.load(file, allow_pickle=False)
        outputs = tuple(str(name) for name in stored["outputs"])
        return SceneHead(outputs, stored["weights"].astype(np.float64), stored["bias"].astype(np.float64))
