"""What a fit has come to: a linear head that says which labels a picture has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.coordinates import Doubles, roots
from regard.vision.custom.examples import LabelExamples
from regard.vision.custom.logistic import probabilities
from regard.vision.geometry import Rows
from regard.vision.pixels import Floats


@dataclass(frozen=True, eq=False, slots=True)
class LabelModel:
    """`weights` (D, C) and `bias` (C,), float32, act on the square roots of features and give calibrated
    logits of `names` and, where C is one more, of none of these.

    `is_exclusive`: a picture has one label, or none of these, and confidences share 1; otherwise each label
    stands for itself. `knows_none`: it was shown what pictures of something else are like (`none_of_these`).
    `none_label`: the label of pictures that were learned as none of these; it is never answered.
    """

    names: tuple[str, ...]
    is_exclusive: bool
    weights: Floats
    bias: Floats
    knows_none: bool
    none_label: str | None = None

    @property
    def dimension(self) -> int:
        """How many features it reads."""
        return len(self.weights)

    def logits(self, features: NDArray[np.floating]) -> Doubles:
        """(N, C) of features (N, D)."""
        return np.asarray(roots(features) @ self.weights + self.bias)

    def confidences(self, features: NDArray[np.floating]) -> Floats:
        """(N, L), 0 to 1: how probable each of `names` is, for features (N, D). Raises ValueError where D is
        another than the model's.
        """
        if features.ndim != 2 or features.shape[1] != self.dimension:
            raise ValueError(f"The model reads {self.dimension} features, not {features.shape[-1]}.")
        said = probabilities(self.logits(features), is_exclusive=self.is_exclusive)
        return np.asarray(said[:, : len(self.names)], np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class HeldOut:
    """What models say of pictures that they weren't fitted on. `rows` (M,): which of the examples;
    `confidences` (M, L), 0 to 1; `f1`: the mean over the labels, each at its best threshold.
    """

    rows: Rows
    confidences: Floats
    f1: float


@dataclass(frozen=True, eq=False, slots=True)
class LabelFit:
    """A model, and how it does on folds of the `examples` that it was fitted on, those of the none label
    among them without a label.
    """

    model: LabelModel
    held_out: HeldOut
    examples: LabelExamples
