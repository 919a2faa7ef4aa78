"""How explicit a picture is as a whole, by Yahoo's open_nsfw (a thin ResNet-50)."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image as Pillow

from regard.vision.image import Image
from regard.vision.pixels import Floats, Pixels
from regard.vision.runner import Runner

NETWORK = "open-nsfw"
_STRETCHED, _SIDE = 256, 224  # px: the whole picture is stretched to the first, and its middle is seen
_MEAN_BGR = np.array([104, 117, 123], np.float32)  # of the photos that the network was trained on


class ExplicitClassifier:
    """Tells that a picture is explicit, and not what in it is. Safe to share by threads."""

    networks = (NETWORK,)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    @property
    def digest(self) -> str:
        """SHA-256 of the network's file, hex. Raises KeyError where it isn't installed."""
        return self._runner.digest(NETWORK)

    def score(self, image: Image) -> float:
        """The network's own score, 0 to 1."""
        [scores] = self._runner.run(NETWORK, {"input:0": network_input(image.pixels)})
        return float(scores[0, 1])


def network_input(pixels: Pixels) -> Floats:
    """(1, 224, 224, 3), float32: the middle of the stretched picture, BGR, less the mean.

    The small picture goes through JPEG, as those did that the network was trained on: without it the odds
    that it gives change by a factor of 2.6 on average.
    """
    margin = (_STRETCHED - _SIDE) // 2
    small = Pillow.fromarray(pixels).resize((_STRETCHED, _STRETCHED), Pillow.Resampling.BILINEAR)
    packed = io.BytesIO()
    small.crop((margin, margin, margin + _SIDE, margin + _SIDE)).save(packed, "JPEG")
    with Pillow.open(packed) as unpacked:
        middle = np.asarray(unpacked, np.float32)
    return np.ascontiguousarray(middle[None, :, :, ::-1] - _MEAN_BGR)
