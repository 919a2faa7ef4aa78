"""Features of a whole picture: what custom labels are fitted on, and told from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from regard.vision.features import NETWORK, SIDE, read_chip_features
from regard.vision.image import Image
from regard.vision.pixels import Floats, resize
from regard.vision.runner import Runner


class PictureFeatures:
    """MobileNetV2's features of the whole picture, stretched to a square of 224 px. Safe to share by threads.

    The whole picture, since what a crop loses may be what the label is about; one view, since flips and crops
    of what is learned gain nothing (docs/accuracy.md, "Custom labels").
    """

    networks = (NETWORK,)
    dimension = 1280

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def digest(self) -> str:
        """SHA-256 of the network's file: what was learned on the features of another is worth nothing here.

        Raises KeyError where the network isn't installed.
        """
        return self._runner.digest(NETWORK)

    def read(self, image: Image) -> Floats:
        """(1280,), at least 0."""
        return np.asarray(self.read_all([image])[0])

    def read_all(self, images: Iterable[Image]) -> Floats:
        """(N, 1280) of N pictures, in batches. They are shrunk one by one, so that an iterator may open
        them.
        """
        chips = [resize(image.pixels, SIDE, SIDE) for image in images]
        return read_chip_features(self._runner, np.array(chips, np.uint8).reshape(-1, SIDE, SIDE, 3))
