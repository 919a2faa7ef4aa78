"""What a model of labels is worth, on pictures that it wasn't fitted on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from regard.vision.custom.curves import ThresholdCurve, threshold_curve
from regard.vision.custom.examples import LabelExamples, targets_of
from regard.vision.custom.label_model import LabelModel
from regard.vision.custom.rates import Retrieval
from regard.vision.pixels import Floats


@dataclass(frozen=True, slots=True)
class LabelOutcome:
    """A label that a picture has (`is_true`), or that is assumed of it, or both; `confidence` 0 to 1."""

    name: str
    confidence: float
    is_true: bool
    is_assumed: bool


@dataclass(frozen=True, slots=True)
class LabelEvaluation:
    """`labels`: of each label of the model, in its order. `thresholds`: from which confidence on each was
    assumed. `confusion`: in how many pictures a label (first) was taken for another (second), the diagonal
    with it; None stands for no label, so that a row adds up to the pictures that have a label, a column to
    those that were said to. `pictures`: the outcomes of each, the most confident first, by name where alike.
    `curves`: of the labels that some picture has.
    """

    labels: Mapping[str, Retrieval]
    thresholds: Mapping[str, float]
    confusion: Mapping[tuple[str | None, str | None], int]
    pictures: tuple[tuple[LabelOutcome, ...], ...]
    curves: Mapping[str, ThresholdCurve]

    @property
    def precision(self) -> float:
        """0 to 1: the mean over the labels, each counting the same; so are recall and F1."""
        return self._mean("precision")

    @property
    def recall(self) -> float:
        return self._mean("recall")

    @property
    def f1(self) -> float:
        return self._mean("f1")

    def _mean(self, measure: str) -> float:
        return float(np.mean([getattr(one, measure) for one in self.labels.values()]))


def evaluate_labels(
    model: LabelModel, thresholds: Mapping[str, float], test: LabelExamples
) -> LabelEvaluation:
    """Of the model on test pictures, at `thresholds`, 0 to 1, of each of its labels. Labels of the pictures
    that the model doesn't know count as none.
    """
    return evaluate_confidences(model.names, model.confidences(test.features), thresholds, test)


def evaluate_confidences(
    names: tuple[str, ...], said: Floats, thresholds: Mapping[str, float], test: LabelExamples
) -> LabelEvaluation:
    """The same of any model of `names` that says confidences (N, L), 0 to 1, of the test pictures."""
    pictures = tuple(
        tuple(_outcomes(names, row, thresholds, frozenset(labels)))
        for row, labels in zip(said.tolist(), test.labels, strict=True)
    )
    confusion = Counter(cell for outcomes in pictures for cell in cells_of(outcomes))
    return LabelEvaluation(
        {name: _retrieval(name, confusion) for name in names},
        dict(thresholds),
        dict(sorted(confusion.items(), key=lambda cell: tuple(name or "" for name in cell[0]))),
        pictures,
        {name: one for name, one in _curves(names, said, test) if one is not None},
    )


def _curves(
    names: tuple[str, ...], said: Floats, test: LabelExamples
) -> Iterator[tuple[str, ThresholdCurve | None]]:
    truth = targets_of(test.labels, names) > 0
    for name, confidences, there in zip(names, said.T, truth.T, strict=True):
        yield name, threshold_curve(confidences, there)


def _outcomes(
    names: tuple[str, ...], said: list[float], thresholds: Mapping[str, float], there: frozenset[str]
) -> list[LabelOutcome]:
    every = (
        LabelOutcome(name, confidence, name in there, confidence >= thresholds[name])
        for name, confidence in zip(names, said, strict=True)
    )
    kept = (outcome for outcome in every if outcome.is_true or outcome.is_assumed)
    return sorted(kept, key=lambda outcome: (-outcome.confidence, outcome.name))


def cells_of(outcomes: tuple[LabelOutcome, ...]) -> Iterator[tuple[str | None, str | None]]:
    """Each label that was missed is paired with one that was wrongly assumed, the most confident first; of
    those that are left over, the other is None.
    """
    for outcome in outcomes:
        if outcome.is_true and outcome.is_assumed:
            yield outcome.name, outcome.name
    missed: list[str | None] = [one.name for one in outcomes if not one.is_assumed]
    false: list[str | None] = [one.name for one in outcomes if not one.is_true]
    count = max(len(missed), len(false))
    yield from zip(
        missed + [None] * (count - len(missed)), false + [None] * (count - len(false)), strict=True
    )


def _retrieval(name: str, confusion: Mapping[tuple[str | None, str | None], int]) -> Retrieval:
    found = confusion.get((name, name), 0)
    there = sum(count for (truth, _), count in confusion.items() if truth == name)
    assumed = sum(count for (_, guess), count in confusion.items() if guess == name)
    return Retrieval(found, false=assumed - found, missed=there - found)
