"""What an adapter is worth beside its base: how often each is right about the test pictures, by threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.operations.custom_labels.training.evaluation_lines import written_time

THRESHOLDS: Final = tuple(range(5, 101, 5))
"""Percent, at which both are judged beside the one that the adapter is trained for."""


@dataclass(frozen=True, slots=True)
class JudgedPicture:
    """A picture: the labels that it shows, those above them among them, and the confidences, percent, that
    the base and the adapter give.
    """

    truth: frozenset[str]
    base: Mapping[str, float]
    adapter: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How often a label was said and shown, said only, shown only, or neither."""

    hits: int = 0
    false_alarms: int = 0
    misses: int = 0
    rightly_not: int = 0

    @classmethod
    def of(
        cls, pictures: Sequence[JudgedPicture], label: str, threshold: float, *, of_adapter: bool
    ) -> Outcomes:
        """Those of a label from a threshold on, percent."""
        counts = [0, 0, 0, 0]
        for one in pictures:
            said = (one.adapter if of_adapter else one.base).get(label, 0.0) >= threshold
            counts[(0 if said else 2) if label in one.truth else (1 if said else 3)] += 1
        return cls(*counts)

    def __add__(self, other: Outcomes) -> Outcomes:
        return Outcomes(
            self.hits + other.hits,
            self.false_alarms + other.false_alarms,
            self.misses + other.misses,
            self.rightly_not + other.rightly_not,
        )

    @property
    def f1(self) -> float:
        """0 to 1; 1 where there was nothing to say and nothing was said."""
        wrong = self.false_alarms + self.misses
        return 2 * self.hits / (2 * self.hits + wrong) if self.hits + wrong else 1.0

    @property
    def recall(self) -> float | None:
        """0 to 1, None where no picture shows it."""
        shown = self.hits + self.misses
        return self.hits / shown if shown else None

    @property
    def told(self) -> dict[str, int]:
        return {
            "TruePositive": self.hits,
            "TrueNegative": self.rightly_not,
            "FalsePositive": self.false_alarms,
            "FalseNegative": self.misses,
        }


@dataclass(frozen=True, slots=True)
class AdapterJudgement:
    """The test pictures, judged by `labels`, at the threshold, percent, that the adapter is trained for."""

    pictures: Sequence[JudgedPicture]
    labels: Sequence[str]
    threshold: float

    def outcomes(self, *, of_adapter: bool) -> Outcomes:
        """Of all labels together."""
        return self._all(self.threshold, of_adapter=of_adapter)

    def _all(self, threshold: float, *, of_adapter: bool) -> Outcomes:
        every = (Outcomes.of(self.pictures, one, threshold, of_adapter=of_adapter) for one in self.labels)
        return sum(every, Outcomes())

    def summary(self, *, training: int, arn: str, ended: int) -> dict[str, Any]:
        """The evaluation's summary. `training` counts training pictures; `ended` is in milliseconds since the
        epoch.
        """
        return {
            "Version": 1,
            "AggregatedEvaluationResults": {"F1Score": self.outcomes(of_adapter=True).f1},
            "EvaluationDetails": {
                "EvaluationEndTimestamp": written_time(ended),
                "Labels": list(self.labels),
                "NumberOfTestingImages": len(self.pictures),
                "NumberOfTrainingImages": training,
                "ProjectVersionArn": arn,
            },
            "ContentModeration": {
                "InputConfidenceThresholdEvalResults": self._at(self.threshold),
                "AllConfidenceThresholdsEvalResults": [self._at(float(one)) for one in THRESHOLDS],
            },
        }

    def _at(self, threshold: float) -> dict[str, Any]:
        sides = (("BaseModel", False), ("Adapter", True))
        return {
            "ConfidenceThreshold": threshold,
            "AggregatedEvaluationResults": {
                side: self._all(threshold, of_adapter=of_adapter).told for side, of_adapter in sides
            },
            "LabelEvaluationResults": [
                {
                    "Label": label,
                    **{
                        side: Outcomes.of(self.pictures, label, threshold, of_adapter=of_adapter).told
                        for side, of_adapter in sides
                    },
                }
                for label in self.labels
            ],
        }
