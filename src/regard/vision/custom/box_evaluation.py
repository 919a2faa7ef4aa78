"""What a model of boxes is worth: boxes that are found, missed and wrong, at an IoU of .5."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.box_model import BoxFinding
from regard.vision.custom.curves import ThresholdCurve, threshold_curve
from regard.vision.custom.rates import Retrieval
from regard.vision.custom.thresholds import BestThreshold, best_threshold
from regard.vision.geometry import Box, corners, iou

MIN_IOU = 0.5


@dataclass(frozen=True, slots=True)
class BoxOutcome:
    """A box that a picture has (`true`), one that is found there (`found`, with `confidence`, 0 to 1), or
    both.

    `is_assumed`: the confidence reaches the label's threshold. A true box that nothing was found for has
    confidence 0.
    """

    name: str
    true: Box | None
    found: Box | None
    confidence: float
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class BoxEvaluation:
    """`labels`: of each, boxes counted at its threshold; `average_precision`: the area under the curve of
    precision by recall (AP50), 0 to 1; `pictures`: the outcomes of each; `curves`: of the labels that some
    picture has.
    """

    labels: Mapping[str, Retrieval]
    thresholds: Mapping[str, float]
    average_precision: Mapping[str, float]
    pictures: tuple[tuple[BoxOutcome, ...], ...]
    curves: Mapping[str, ThresholdCurve]


def matched(true: Sequence[tuple[str, Box]], found: Sequence[BoxFinding]) -> list[BoxOutcome]:
    """A picture's boxes. The most confident found are first to take the true box of their label that they
    share most with, at an IoU of .5 or more. What is found comes first, in its order; then what is missed.
    """
    taken: set[int] = set()
    shares = iou(corners([one.box for one in found]), corners([box for _, box in true]))
    outcomes: list[BoxOutcome] = []
    for number in sorted(range(len(found)), key=lambda one: -found[one].confidence):
        one = found[number]
        open_ = [
            row
            for row, (name, _) in enumerate(true)
            if name == one.name and row not in taken and shares[number, row] >= MIN_IOU
        ]
        best = max(open_, key=lambda row: shares[number, row], default=None)
        if best is not None:
            taken.add(best)
        box = None if best is None else true[best][1]
        outcomes.append(BoxOutcome(one.name, box, one.box, one.confidence, False))
    missed = (one for row, one in enumerate(true) if row not in taken)
    return outcomes + [BoxOutcome(name, box, None, 0.0, False) for name, box in missed]


def best_box_threshold(outcomes: Sequence[BoxOutcome]) -> BestThreshold:
    """Where F1 is best, of outcomes of one label in many pictures."""
    found = [one for one in outcomes if one.found is not None]
    return best_threshold(
        np.array([one.confidence for one in found]),
        np.array([one.true is not None for one in found], bool),
        missed=len(outcomes) - len(found),
    )


def average_precision(confidences: NDArray[np.floating], is_right: NDArray[np.bool_], total: int) -> float:
    """AP, 0 to 1, of N boxes found, `total` to find, with 101 points of recall as COCO counts it."""
    if not total:
        return 0.0
    order = np.argsort(-confidences, kind="stable")
    right = np.cumsum(is_right[order])
    recall, precision = right / total, right / np.arange(1, len(right) + 1)
    best = np.maximum.accumulate(precision[::-1])[::-1]
    places = np.searchsorted(recall, np.linspace(0, 1, 101) - 1e-9)
    return float(np.append(best, 0.0)[places].mean())


def mean_precision(pictures: Sequence[Sequence[BoxOutcome]]) -> float:
    """mAP50, 0 to 1: the mean of the average precision over the labels that the pictures show."""
    every = [one for outcomes in pictures for one in outcomes]
    names = sorted({one.name for one in every if one.true is not None})
    found = [_precision([one for one in every if one.name == name]) for name in names]
    return float(np.mean(found)) if found else 0.0


def _precision(outcomes: Sequence[BoxOutcome]) -> float:
    """Of one label."""
    boxes = [one for one in outcomes if one.found is not None]
    return average_precision(
        np.array([one.confidence for one in boxes]),
        np.array([one.true is not None for one in boxes], bool),
        sum(one.true is not None for one in outcomes),
    )


def evaluate_boxes(
    names: Sequence[str],
    thresholds: Mapping[str, float],
    true: Sequence[Sequence[tuple[str, Box]]],
    found: Sequence[Sequence[BoxFinding]],
) -> BoxEvaluation:
    """Of pictures with their true boxes, and with all that was found in them."""
    pictures = tuple(
        tuple(
            BoxOutcome(
                one.name,
                one.true,
                one.found,
                one.confidence,
                one.found is not None and one.confidence >= thresholds[one.name],
            )
            for one in matched(some, boxes)
        )
        for some, boxes in zip(true, found, strict=True)
    )
    labels, precision = {}, {}
    curves: dict[str, ThresholdCurve] = {}
    for name in names:
        every = [one for picture in pictures for one in picture if one.name == name]
        labels[name] = Retrieval(
            found=sum(one.is_assumed and one.true is not None for one in every),
            false=sum(one.is_assumed and one.true is None for one in every),
            missed=sum(not one.is_assumed and one.true is not None for one in every),
        )
        precision[name] = _precision(every)
        boxes = [one for one in every if one.found is not None]
        curve = threshold_curve(
            np.array([one.confidence for one in boxes]),
            np.array([one.true is not None for one in boxes], bool),
            missed=len(every) - len(boxes),
        )
        if curve is not None:
            curves[name] = curve
    return BoxEvaluation(labels, dict(thresholds), precision, pictures, curves)
