"""An adapter: what a base model says of labels, corrected by examples of where it errs.

For each label, logit = `scale` · base + `bias` + `weights` · features. The three are pulled to 1, 0 and 0, so
that a few examples move what is like them, and leave the rest to the base.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.coordinates import Doubles, roots
from regard.vision.custom.logistic import losses
from regard.vision.custom.minimize import minimize
from regard.vision.geometry import Mask, sigmoid
from regard.vision.pixels import Floats

RIDGE: Final = 0.003
"""Pulls weights to 0; the examples that the base errs on count 1 together."""
PULL: Final = 30.0
"""Pulls scale and bias while examples of one kind alone are there; others make it weaker."""
MAX_LOGIT: Final = 4.0
"""What a base counts at most, 98.2 %: no example could move one that is surer of a mistake."""
LOWEST: Final = 1e-6
"""What a base says at least, 0 to 1."""
UNSAID: Final = -4.0
"""The base's logit of a label that it never says."""
_FREE: Final = 1e-4


@dataclass(frozen=True, eq=False, slots=True)
class LabelCorrection:
    """How a label is corrected. `weights` (D,) and `bias`, float32, act on the roots of features. `is_said`:
    the base says the label; of another `scale` is 0, and what it learned is all that is known.
    """

    scale: float
    bias: float
    weights: Floats
    is_said: bool


@dataclass(frozen=True, eq=False, slots=True)
class ModerationAdapter:
    """The corrections of labels, by their names."""

    corrections: Mapping[str, LabelCorrection]

    def confidences(self, base: Mapping[str, float], features: NDArray[np.floating]) -> dict[str, float]:
        """Percent, of each label that is corrected. `base` has the base's confidences of the labels that it
        says, in percent; `features` are (D,), of the same picture. Raises ValueError for another D.
        """
        row = roots(features[np.newaxis])[0]
        said = {}
        for name, one in self.corrections.items():
            if len(one.weights) != len(row):
                raise ValueError(f"The adapter reads {len(one.weights)} features, not {len(row)}.")
            start = one.scale * base_logit(base.get(name, 0.0)) if one.is_said else 0.0
            logit = np.array([start + one.bias + float(one.weights.astype(np.float64) @ row)])
            said[name] = 100 * float(sigmoid(logit)[0])
        return said


@dataclass(frozen=True, eq=False, slots=True)
class CorrectionExamples:
    """N pictures that people judged, for one label. `base` (N,): the base's confidences, percent, all 0 where
    it never says the label (`is_said`); `features` (N, D), at least 0; `truth` (N,).
    """

    base: Doubles
    features: NDArray[np.floating]
    truth: Mask
    is_said: bool


def base_logit(confidence: float) -> float:
    """The logit of a base's confidence, percent, as adapters read it."""
    share = min(max(confidence / 100, LOWEST), 1 - LOWEST)
    return float(min(np.log(share / (1 - share)), MAX_LOGIT))


def fit_correction(examples: CorrectionExamples, centroids: Doubles, threshold: float) -> LabelCorrection:
    """The correction that examples ask for, the same in whatever order they come up to rounding.

    `centroids` (M, D) are roots of features of pictures of anything; where the label is new to the base they
    are examples that lack it. `threshold`, percent: from there on a label is taken to be said, so that what
    lies on its wrong side is corrected.
    """
    rows, centre = roots(examples.features), centroids.mean(0)
    truth, said = examples.truth, examples.base >= threshold
    start = np.array([base_logit(one) for one in examples.base])
    even = base_logit(threshold)
    if not examples.is_said:
        rows = np.concatenate([rows, centroids])
        truth = np.concatenate([truth, np.zeros(len(centroids), bool)])
        said = np.zeros(len(rows), bool)
        start = np.full(len(rows), UNSAID + even)
    places = rows - centre
    unit = float(np.sqrt((places**2).sum(1).mean())) or 1.0
    rarer = min(int(truth.sum()), int((~truth).sum()))
    pull = PULL / (1 + rarer)
    found = _minimum(
        start,
        even,
        places / unit,
        truth.astype(np.float64),
        _weights(truth != said),
        np.array([pull, pull] if examples.is_said else [PULL, _FREE]),
        is_said=examples.is_said,
    )
    weights = found[2:] / unit
    scale = 1 + float(found[0]) if examples.is_said else 0.0
    bias = float(found[1] - centre @ weights) + (0.0 if examples.is_said else UNSAID + even)
    return LabelCorrection(scale, float(np.float32(bias)), weights.astype(np.float32), examples.is_said)


def _weights(errs: Mask) -> Doubles:
    """(N,): of those that the base errs on all together 1, and of the others no more."""
    wrong = int(errs.sum())
    others = max(wrong, len(errs) - wrong, 1)
    return np.where(errs, 1 / max(wrong, 1), 1 / others)


def _minimum(
    start: Doubles,
    even: float,
    rows: Doubles,
    truth: Doubles,
    weights: Doubles,
    pulls: Doubles,
    *,
    is_said: bool,
) -> Doubles:
    """(2 + D,): the changes of scale and bias, and the weights. `even` is the logit of the threshold."""
    ridge = np.concatenate([pulls, np.full(rows.shape[1], RIDGE)])
    slope_of = start if is_said else np.zeros_like(start)

    def function(point: Doubles) -> tuple[float, Doubles]:
        logits = start - even + point[0] * slope_of + point[1] + rows @ point[2:]
        value = float((weights * losses(logits[:, None], truth[:, None], is_exclusive=False)[:, 0]).sum())
        slopes = weights * (sigmoid(logits) - truth)
        gradient = np.concatenate([[slopes @ slope_of, slopes.sum()], rows.T @ slopes])
        return value + float((ridge * point**2).sum() / 2), gradient + ridge * point

    return minimize(function, np.zeros(2 + rows.shape[1]), tolerance=1e-6)
