"""Learns labelled boxes: reads the pictures, fits, and calibrates on pictures that a fit hasn't seen."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from regard.vision.custom.box_evaluation import BoxOutcome, best_box_threshold, matched, mean_precision
from regard.vision.custom.box_examples import BoxExample
from regard.vision.custom.box_fit import fit_heads, read_rows
from regard.vision.custom.box_model import BoxModel, find_boxes
from regard.vision.custom.calibration import LogitScale, fit_scale
from regard.vision.custom.cells import CellReader
from regard.vision.custom.folds import fold_numbers, spread_sample
from regard.vision.custom.labels import MAX_LABELS
from regard.vision.custom.thresholds import MIN_PICTURES
from regard.vision.geometry import Rows, sigmoid

MAX_PICTURES = 10_000  # that are learned from: in two views they take half an hour
HELD_OUT = 100  # pictures that the folds judge, at most
_READING = 0.8  # of the time


class JudgedBoxes(Protocol):
    """A fit, frozen or fine-tuned, and what it finds in pictures that it hasn't learned from."""

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def held_out(self) -> Sequence[Sequence[BoxOutcome]]: ...


@dataclass(frozen=True, eq=False, slots=True)
class BoxFit:
    """A model, and what models that were fitted without them find in some of the examples: the outcomes of
    each of these pictures, by their digests.
    """

    model: BoxModel
    held_out: tuple[tuple[BoxOutcome, ...], ...]
    digests: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The labels."""
        return self.model.names

    def precision_on(self, examples: Sequence[BoxExample]) -> float:
        """mAP50, 0 to 1, on those of these examples that were held out."""
        wanted = {example.digest for example in examples}
        pairs = zip(self.digests, self.held_out, strict=True)
        return mean_precision([outcomes for digest, outcomes in pairs if digest in wanted])


@dataclass(frozen=True, eq=False, slots=True)
class HeldOutFifth:
    """The examples without a fifth, and of this fifth those that `fit_boxes` has judged."""

    learned: tuple[BoxExample, ...]
    judges: tuple[BoxExample, ...]

    @classmethod
    def of(cls, examples: Sequence[BoxExample], seed: int) -> HeldOutFifth:
        """That of the same examples and seed."""
        some = [examples[number] for number in _drawn(examples, MAX_PICTURES, seed).tolist()]
        folds = fold_numbers(*_told_apart(some, seed))
        judged = [some[number] for number in _drawn(some, HELD_OUT, seed).tolist() if folds[number] == 0]
        learned = [example for example, fold in zip(some, folds, strict=True) if fold]
        return cls(tuple(learned), tuple(judged))


def fit_boxes(
    examples: Sequence[BoxExample],
    reader: CellReader,
    *,
    seed: int,
    progress: Callable[[float], None] = lambda _: None,
) -> BoxFit:
    """The labelled boxes of `examples`. `progress` is told how much is done, 0 to 1.

    Of more than 10,000 pictures as many are drawn, by label. Confidences are calibrated on up to 100 of them,
    by fits on four fifths. The same examples, in any order, and the same seed give the same model.

    Raises ValueError where there is no label, or more than 250, and what opening a picture raises.
    """
    examples = [examples[number] for number in _drawn(examples, MAX_PICTURES, seed).tolist()]
    names = tuple(sorted({label for example in examples for label in example.labels}))
    if not 1 <= len(names) <= MAX_LABELS:
        raise ValueError(f"There are {len(names)} labels, where there must be 1 to {MAX_LABELS}.")
    rows = read_rows(examples, names, reader, seed=seed, progress=lambda part: progress(part * _READING))
    folds = fold_numbers(*_told_apart(examples, seed))
    fitted = fit_heads(rows, names, folds)
    held = _drawn(examples, HELD_OUT, seed).tolist()
    found = []
    for count, number in enumerate(held, 1):
        example, model = examples[number], fitted.by_fold[folds[number]]
        found.append(matched(example.true, find_boxes(model, reader, example.open())))
        progress(_READING + (1 - _READING) * count / len(held))
    scale = fit_box_scale([one for outcomes in found for one in outcomes])
    calibrated = tuple(tuple(scaled_outcome(one, scale) for one in outcomes) for outcomes in found)
    model = replace(
        fitted.whole,
        score_weights=(fitted.whole.score_weights * scale.scale).astype(np.float32),
        score_bias=scale.of(fitted.whole.score_bias.astype(np.float64)).astype(np.float32),
    )
    return BoxFit(model, calibrated, tuple(examples[number].digest for number in held))


def assumed_box_thresholds(fit: JudgedBoxes, test: Sequence[Sequence[BoxOutcome]]) -> dict[str, float]:
    """Of each label, 0 to 1, where F1 is best: on the outcomes of test pictures, or on the fit's own where
    fewer than 10 of these have the label.
    """
    thresholds = {}
    for name in fit.names:
        pictures = sum(any(one.name == name and one.true for one in outcomes) for outcomes in test)
        judges = test if pictures >= MIN_PICTURES else fit.held_out
        outcomes = [one for some in judges for one in some if one.name == name]
        thresholds[name] = best_box_threshold(outcomes).value
    return thresholds


def _drawn(examples: Sequence[BoxExample], count: int, seed: int) -> Rows:
    """Rows of at most `count` examples, in an order that is the same in whatever order they come."""
    return spread_sample(*_told_apart(examples, seed), count)[:count]


def _told_apart(examples: Sequence[BoxExample], seed: int) -> tuple[list[bytes], list[tuple[str, ...]]]:
    """Digests of the pictures, and which labels each has."""
    digests = [hashlib.sha256(f"{seed} {example.digest}".encode()).digest() for example in examples]
    return digests, [tuple(sorted(set(example.labels))) for example in examples]


def fit_box_scale(outcomes: Sequence[BoxOutcome]) -> LogitScale:
    """What makes log-odds of boxes that were found the probability that they are right."""
    found = [one for one in outcomes if one.found is not None]
    logits = np.array([[_log_odds(one.confidence)] for one in found]).reshape(-1, 1)
    right = np.array([[float(one.true is not None)] for one in found]).reshape(-1, 1)
    return fit_scale(logits, right, is_exclusive=False, movable=np.ones(1, bool))


def scaled_outcome(outcome: BoxOutcome, scale: LogitScale) -> BoxOutcome:
    """The outcome with a calibrated confidence."""
    if outcome.found is None:
        return outcome
    logit = scale.of(np.array([[_log_odds(outcome.confidence)]]))
    return replace(outcome, confidence=float(sigmoid(logit)[0, 0]))


def _log_odds(confidence: float) -> float:
    share = min(max(confidence, 1e-6), 1 - 1e-6)
    return math.log(share / (1 - share))
