"""Fits labels of whole pictures on their features: the same examples give the same model, in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from regard.vision.custom.calibration import LogitScale, fit_scale
from regard.vision.custom.coordinates import Coordinates, Doubles, roots
from regard.vision.custom.examples import LabelExamples, targets_of
from regard.vision.custom.folds import FOLDS, fold_numbers, spread_sample
from regard.vision.custom.label_model import HeldOut, LabelFit, LabelModel
from regard.vision.custom.logistic import Balance, WeightedRows, fit_logistic, probabilities
from regard.vision.custom.thresholds import best_threshold
from regard.vision.pixels import Floats

MAX_LABELS = 250
MAX_LOSS = 0.02  # of F1, that knowing pictures of something else may cost
RIDGE = 1e-3
BALANCE = 0.5
SAMPLE = 10_000
_BLOCK = 4096  # of those that are read from a file at a time
_POLISHING = 20  # passes over them, after the fit on the sample

Parts = Callable[[], Iterable[tuple[Doubles, Doubles]]]  # rows (N, R) and targets (N, C), again and again


def fit_labels(
    examples: LabelExamples,
    centroids: Doubles,
    *,
    seed: int,
    none_label: str | None = None,
    sample: int = SAMPLE,
) -> LabelFit:
    """The labels of `examples`: a softmax where no picture has several, else one against all.

    Pictures of `none_label`, and those without a label, are learned as none of these; so are `centroids`
    (M, D), roots of features of anything else, unless that costs more than MAX_LOSS of F1 in five folds.
    Logits are calibrated on these folds, which are made of about `sample` examples where there are more.

    Raises ValueError where there is no label, or more than 250.
    """
    examples = examples.without(none_label)
    names = tuple(sorted(examples.counts))
    if not 1 <= len(names) <= MAX_LABELS:
        raise ValueError(f"There are {len(names)} labels, where there must be 1 to {MAX_LABELS}.")
    rows = spread_sample(examples.digests(seed), examples.labels, sample)
    trials = [_CrossFit.of(examples.take(rows), names, some, seed) for some in (centroids, centroids[:0])]
    best = max(trial.f1 for trial in trials)
    chosen = next(trial for trial in trials if trial.f1 >= best - MAX_LOSS)
    found = chosen.found if len(rows) == len(examples) else chosen.polished(examples)
    weights, bias = chosen.design.coordinates.unfolded(found)
    model = LabelModel(
        names,
        chosen.design.is_exclusive,
        (weights * chosen.scale.scale).astype(np.float32),
        chosen.scale.of(bias[None])[0].astype(np.float32),
        knows_none=len(chosen.design.centroids) > 0,
        none_label=none_label,
    )
    return LabelFit(model, HeldOut(rows, chosen.confidences, chosen.f1), examples)


@dataclass(frozen=True, eq=False, slots=True)
class _Design:
    """The regression's columns and rows. The centroids count as much together as a label's pictures do on
    average.
    """

    names: tuple[str, ...]
    is_exclusive: bool
    has_none: bool
    coordinates: Coordinates
    centroids: Doubles

    @classmethod
    def of(cls, examples: LabelExamples, names: tuple[str, ...], centroids: Doubles) -> _Design:
        is_exclusive = all(len(labels) <= 1 for labels in examples.labels)
        has_none = is_exclusive and (len(centroids) > 0 or not all(examples.labels))
        coordinates = Coordinates.spanning(roots(examples.features), centroids)
        return cls(names, is_exclusive, has_none, coordinates, coordinates.of(centroids))

    @property
    def columns(self) -> int:
        return len(self.names) + self.has_none

    def targets(self, labels: Sequence[tuple[str, ...]]) -> Doubles:
        """(N, C)."""
        targets = targets_of(labels, self.names)
        return np.column_stack([targets, 1 - targets.sum(1)]) if self.has_none else targets

    def fit(self, parts: Parts, start: Doubles, *, tolerance: float, max_steps: int = 300) -> Doubles:
        """Weights and bias (R + 1, C) for rows (N, R) with targets (N, C), part by part."""
        having, total = np.zeros(self.columns), 0
        for _, targets in parts():
            having, total = having + targets.sum(0), total + len(targets)
        none = np.zeros((len(self.centroids), self.columns))
        none[:, len(self.names) :] = 1
        lacking, as_label = total - having, having[: len(self.names)].mean() * (len(none) > 0)
        having[len(self.names) :] += as_label
        balance = Balance.of(having, lacking + as_label, BALANCE, is_exclusive=self.is_exclusive)

        def blocks() -> Iterator[WeightedRows]:
            for rows, targets in parts():
                yield WeightedRows(rows, targets, balance.weights(targets))
            if len(none):
                yield WeightedRows(self.centroids, none, balance.weights(none) * (as_label / len(none)))

        return fit_logistic(
            blocks,
            start,
            ridge=RIDGE,
            is_exclusive=self.is_exclusive,
            tolerance=tolerance,
            max_steps=max_steps,
        )


@dataclass(frozen=True, eq=False, slots=True)
class _CrossFit:
    """A fit (R + 1, C) with its calibration, and what its folds say: confidences (N, L) and mean F1."""

    design: _Design
    found: Doubles
    scale: LogitScale
    confidences: Floats
    f1: float

    @classmethod
    def of(cls, examples: LabelExamples, names: tuple[str, ...], centroids: Doubles, seed: int) -> _CrossFit:
        design = _Design.of(examples, names, centroids)
        rows, targets = design.coordinates.of(roots(examples.features)), design.targets(examples.labels)
        folds = fold_numbers(examples.digests(seed), examples.labels)
        logits = np.zeros(targets.shape)
        found = np.zeros((rows.shape[1] + 1, design.columns))
        for fold in range(FOLDS):
            held = folds == fold
            found = design.fit(_whole(rows[~held], targets[~held]), found, tolerance=1e-5)
            logits[held] = rows[held] @ found[:-1] + found[-1]
        found = design.fit(_whole(rows, targets), found, tolerance=1e-7)
        scale = fit_scale(
            logits,
            targets,
            is_exclusive=design.is_exclusive,
            # How often a picture shows something else, no example tells.
            movable=np.arange(design.columns) < len(names),
        )
        said = probabilities(scale.of(logits), is_exclusive=design.is_exclusive)[:, : len(names)]
        truth = targets[:, : len(names)] > 0
        f1 = float(np.mean([best_threshold(*pair).f1 for pair in zip(said.T, truth.T, strict=True)]))
        return cls(design, found, scale, said.astype(np.float32), f1)

    def polished(self, examples: LabelExamples) -> Doubles:
        """The fit on more examples than those that it was made from, which are read part by part."""

        def parts() -> Iterator[tuple[Doubles, Doubles]]:
            for begin in range(0, len(examples), _BLOCK):
                part = slice(begin, begin + _BLOCK)
                rows = self.design.coordinates.of(roots(examples.features[part]))
                yield rows, self.design.targets(examples.labels[part])

        return self.design.fit(parts, self.found, tolerance=1e-6, max_steps=_POLISHING)


def _whole(rows: Doubles, targets: Doubles) -> Parts:
    return lambda: [(rows, targets)]
