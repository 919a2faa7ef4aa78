"""From which confidence on a label is assumed: where F1 is best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.examples import LabelExamples, targets_of
from regard.vision.custom.label_model import HeldOut, LabelFit
from regard.vision.geometry import Mask
from regard.vision.pixels import Floats

MIN_PICTURES = 10  # of a label in the test set; with fewer, folds of the training set tell more
_UNKNOWN = 0.5  # the threshold of a label that no picture has


@dataclass(frozen=True, slots=True)
class BestThreshold:
    """The confidence, 0 to 1, from which on a label is assumed, and the F1 that it gives where it was
    chosen.
    """

    value: float
    f1: float


def best_threshold(confidences: NDArray[np.floating], truth: Mask, *, missed: int = 0) -> BestThreshold:
    """Of confidences (N,) that a label is there, and whether it is (N,). Halfway between the last that is
    taken and the first that isn't; of several as good, the highest. `missed`: how often it is there besides,
    at whatever threshold.
    """
    if not truth.any():
        return BestThreshold(_UNKNOWN, 0.0)
    order = np.argsort(-confidences, kind="stable")
    sorted_ = np.append(confidences[order].astype(np.float64), -1.0)
    found = np.cumsum(truth[order])
    f1 = 2 * found / (np.arange(1, len(found) + 1) + truth.sum() + missed)
    f1[sorted_[:-1] == sorted_[1:]] = 0  # no threshold parts two that are equal
    last = int(np.argmax(np.append(f1, 0)))
    value = (sorted_[last] + max(sorted_[last + 1], 0.0)) / 2
    return BestThreshold(float(value), float(f1[last]))


def assumed_thresholds(fit: LabelFit, test: LabelExamples | None) -> dict[str, float]:
    """Of each label, 0 to 1: by the test set, or by the fit's folds where `few_pictures` says so."""
    said = None if test is None else fit.model.confidences(test.features)
    return chosen_thresholds(fit.model.names, fit.held_out, fit.examples, said, test)


def chosen_thresholds(
    names: tuple[str, ...],
    held: HeldOut,
    examples: LabelExamples,
    said: Floats | None,
    test: LabelExamples | None,
) -> dict[str, float]:
    """The same of any model of `names`: `held` is what it says of some of the `examples` of the training set,
    `said` (N, L), 0 to 1, what it says of the test set.
    """
    judged_on_folds = few_pictures(names, test)
    by_folds = _by_label(names, held.confidences, [examples.labels[row] for row in held.rows.tolist()])
    if test is None or said is None or len(judged_on_folds) == len(names):
        return by_folds
    by_test = _by_label(names, said, test.labels)
    return {name: (by_folds if name in judged_on_folds else by_test)[name] for name in names}


def few_pictures(names: tuple[str, ...], test: LabelExamples | None) -> frozenset[str]:
    """The labels that fewer than 10 pictures of the test set have."""
    return frozenset(name for name in names if test is None or test.counts[name] < MIN_PICTURES)


def _by_label(
    names: tuple[str, ...], confidences: NDArray[np.floating], labels: Sequence[tuple[str, ...]]
) -> dict[str, float]:
    truth = targets_of(labels, names) > 0
    columns = zip(names, confidences.T, truth.T, strict=True)
    return {name: best_threshold(said, there).value for name, said, there in columns}
