"""The pictures that a fine-tuning of labels learns from, and the fifth of them that judges it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.coordinates import Doubles
from regard.vision.custom.examples import targets_of
from regard.vision.custom.folds import fold_numbers
from regard.vision.custom.label_blend import LabelBlend
from regard.vision.custom.label_model import HeldOut, LabelFit, LabelModel
from regard.vision.custom.thresholds import best_threshold
from regard.vision.custom.tuned_labels import TunedLabels
from regard.vision.custom.tuning.label_state import LabelTuningState
from regard.vision.custom.tuning.outcome import TuningOutcome
from regard.vision.geometry import Mask, Rows
from regard.vision.pixels import Floats


@dataclass(frozen=True, eq=False, slots=True)
class LabelJudges:
    """Of the examples of a fit: the rows `learned`, in an order that is the same in whatever order they come,
    and the rows `judging`; `targets` (N, L) of all examples; `frozen` (M, L): the confidences of the frozen
    network in the rows `judging`, by a fit without them; `halves` (M,), 0 or 1: into which they are split to
    compare both networks, each label's pictures evenly and the same picture in one.
    """

    learned: Rows
    judging: Rows
    targets: Doubles
    frozen: Floats
    halves: Rows
    is_exclusive: bool

    @classmethod
    def of(cls, fit: LabelFit, seed: int) -> LabelJudges:
        """Those of a fit made with the same seed: the first of its folds judges. Where labels exclude each
        other, pictures without one are not learned from; the frozen network knows them.
        """
        held = fit.held_out
        sample = fit.examples.take(held.rows)
        digests = sample.digests(seed)
        order = np.array(sorted(range(len(sample)), key=lambda row: (digests[row], sample.labels[row])))
        judges = fold_numbers(digests, sample.labels)[order] == 0
        is_used = np.array([bool(sample.labels[row]) or not fit.model.is_exclusive for row in order])
        judging = order[judges]
        return cls(
            held.rows[order[~judges & is_used]],
            held.rows[judging],
            targets_of(fit.examples.labels, fit.model.names),
            held.confidences[judging],
            fold_numbers([digests[row] for row in judging], [sample.labels[row] for row in judging], 2),
            fit.model.is_exclusive,
        )

    def _blend(self, tuned: NDArray[np.floating], fitted: Mask) -> LabelBlend:
        """For a network that says log-odds (M, L) of the rows `judging`, by those `fitted` (M,) of them."""
        targets = self.targets[self.judging]
        return LabelBlend.fitted(
            tuned[fitted], self.frozen[fitted], targets[fitted], is_exclusive=self.is_exclusive
        )

    def outcome(self, tuned: NDArray[np.floating]) -> TuningOutcome:
        """How a network that says log-odds (M, L) of the rows `judging`, blended with the frozen one, does
        there, and how the frozen one alone. Each half of the rows is judged by a blend that is fitted on the
        other: neither network was fitted on the pictures that compare them.
        """
        blended = np.empty_like(self.frozen)
        for half in (self.halves == 0, self.halves == 1):
            blend = self._blend(tuned, ~half)
            blended[half] = blend.confidences(tuned[half], self.frozen[half])
        return TuningOutcome(self._f1(self.frozen), self._f1(blended), len(self.judging))

    def fit(self, frozen: LabelModel, state: LabelTuningState, side: int) -> TunedLabels:
        """What a fine-tuning on views of `side` px has come to that ended in a state. It is calibrated as the
        network without the rows `judging` has to be.
        """
        blend = self._blend(state.judged, np.ones(len(self.judging), bool))
        said = blend.confidences(state.judged, self.frozen)
        return TunedLabels(
            frozen,
            side,
            state.weights,
            blend,
            HeldOut(self.judging, said, self._f1(said)),
            self.outcome(state.judged),
        )

    def everything(self) -> Rows:
        """All rows that are learned from once the judges have judged."""
        has_label = self.targets[self.judging].any(1) | (not self.is_exclusive)
        return np.concatenate([self.learned, self.judging[has_label]])

    def _f1(self, said: Floats) -> float:
        """The mean over the labels that are there, each at its best threshold."""
        truth = self.targets[self.judging] > 0
        pairs = (pair for pair in zip(said.T, truth.T, strict=True) if pair[1].any())
        return float(np.mean([best_threshold(*pair).f1 for pair in pairs] or [0.0]))
