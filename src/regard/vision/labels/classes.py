"""What a picture shows as a whole: the thousand classes of ImageNet, by EfficientNet-Lite2, as labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats, Pixels, resize
from regard.vision.runner import Runner
from regard.vision.taxonomy import load_taxonomy

NETWORK = "efficientnet"
SIDE = 260  # px


@dataclass(frozen=True, eq=False, slots=True)
class WholePicture:
    """What the network makes of a picture. `features` (1280,), at least 0, are what heads of our own read.

    `shares`: by label, 0 to 1, the part of the network's belief (a softmax) that falls on the label's own
    classes and on those of the labels below it.
    """

    features: Floats
    shares: Mapping[str, float]


class PictureClassifier:
    """Safe to share by threads."""

    networks = (NETWORK,)

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def read(self, pixels: Pixels) -> WholePicture:
        """What a picture (H, W, 3), RGB, shows, stretched to the network's square."""
        features, logits = self._runner.run(NETWORK, {"input": resize(pixels, SIDE, SIDE)[None]})
        return WholePicture(np.asarray(features[0], np.float32), label_shares(logits[0]))


def label_shares(logits: NDArray[np.floating]) -> dict[str, float]:
    """By label, 0 to 1, for the logits (1000,) of ImageNet's classes."""
    names, members = _members()
    belief = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return dict(zip(names, (belief / belief.sum() @ members).tolist(), strict=True))


@cache
def kind_labels() -> frozenset[str]:
    """The labels that have a class of their own, or one class alone below them."""
    names, members = _members()
    alone = {name for name, count in zip(names, members.sum(0).tolist(), strict=True) if count == 1}
    return frozenset(alone | {name for name in load_taxonomy().classes if name})


@cache
def _members() -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """The labels that have classes, and (1000, labels): 1 where a class is one of the label's."""
    taxonomy = load_taxonomy()
    kinds = [(name, *taxonomy.concepts[name].parents) if name else () for name in taxonomy.classes]
    names = tuple(sorted({name for kind in kinds for name in kind}))
    columns = {name: column for column, name in enumerate(names)}
    members = np.zeros((len(kinds), len(names)))
    for row, kind in enumerate(kinds):
        members[row, [columns[name] for name in kind]] = 1
    return names, members
