"""The two summaries that a training writes: of its evaluation, and of its manifests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from regard.operations.custom_labels.training.evaluation_lines import EvaluationTally, written_time
from regard.operations.custom_labels.training.examples import TrainingPart, UseCase
from regard.operations.custom_labels.training.terminal_errors import TerminalError, TerminalErrors

MAX_INDICES: Final = 10_000
"""Line numbers that a summary names of each set."""


@dataclass(frozen=True, slots=True)
class PartStatistics:
    """How many lines a set has in all, of use, of no use, and passed over. `wrong` are numbers of lines with
    an error.
    """

    total: int
    valid: int
    invalid: int
    ignored: int
    wrong: Sequence[int]


def evaluation_summary(
    tally: EvaluationTally,
    thresholds: Mapping[str, float],
    *,
    training: Counter[str],
    pictures: Mapping[TrainingPart, int],
    arn: str,
    ended: int,
    average_precision: Mapping[str, float] | None = None,
) -> dict[str, Any]:
    """The summary of an evaluation. `training` counts the training pictures of each label.

    Precision, recall and F1 of all are the means over the labels that the test set shows. Of boxes there is
    `average_precision`, by label, in place of the confusion matrix.
    """
    shown = [label for label in thresholds if tally.pictures[label]]
    counts = {label: tally.of(label) for label in thresholds}
    results = [
        {
            "Label": label,
            "Metrics": {
                "F1Score": counts[label].f1,
                "Precision": counts[label].precision,
                "Recall": counts[label].recall,
                "Threshold": thresholds[label],
            },
            "NumberOfTestingImages": tally.pictures[label],
            "NumberOfTrainingImages": training[label],
        }
        for label in sorted(thresholds, key=lambda label: (-counts[label].f1, label))
    ]
    return {
        "Version": 1,
        "AggregatedEvaluationResults": {
            **(
                {"ConfusionMatrix": _confusion(tally, shown, list(thresholds))}
                if average_precision is None
                else {
                    "AveragePrecision": _mean([average_precision[label] for label in shown]),
                    "AverageRecall": _mean([counts[label].recall for label in shown]),
                }
            ),
            "F1Score": _mean([counts[label].f1 for label in shown]),
            "Precision": _mean([counts[label].precision for label in shown]),
            "Recall": _mean([counts[label].recall for label in shown]),
        },
        "EvaluationDetails": {
            "EvaluationEndTimestamp": written_time(ended),
            "Labels": list(thresholds),
            "NumberOfTestingImages": pictures[TrainingPart.TESTING],
            "NumberOfTrainingImages": pictures[TrainingPart.TRAINING],
            "ProjectVersionArn": arn,
        },
        "LabelEvaluationResults": results,
    }


def _confusion(tally: EvaluationTally, shown: Sequence[str], labels: Sequence[str]) -> list[dict[str, Any]]:
    """How large a share of the pictures of each label that the test set shows was given each."""
    return [
        {
            "GroundTruthLabel": label,
            "PredictedLabel": other,
            "Value": tally.given[label, other] / tally.pictures[label],
        }
        for label in shown
        for other in labels
    ]


def manifest_summary(
    statistics: Mapping[TrainingPart, PartStatistics], errors: TerminalErrors, use_case: UseCase
) -> dict[str, Any]:
    """The summary of the manifests."""
    return {
        "statistics": {
            part.value: {
                "use_case": use_case.value,
                "total_json_lines": found.total,
                "valid_json_lines": found.valid,
                "invalid_json_lines": found.invalid,
                "ignored_json_lines": found.ignored,
                "error_json_line_indices": list(found.wrong)[:MAX_INDICES],
                "errors": [_written(error) for error in errors.of(part)],
            }
            for part, found in statistics.items()
        },
        "errors": [_written(error) for error in errors.both],
    }


def _written(error: TerminalError) -> dict[str, str]:
    return {"code": error.code, "message": error.message}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
