"""The lines of the evaluation manifest, and what they come to: the summary is counted from these lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from regard.operations.custom_labels.training.examples import TrainingExample
from regard.vision.custom.rates import Retrieval

_TRAINING: Final = "rekognition-custom-labels-training"
_EVALUATION: Final = "rekognition-custom-labels-evaluation"
_TYPE: Final = "groundtruth/image-classification"


def training_line(example: TrainingExample, labels: Iterable[str], created: int) -> dict[str, Any]:
    """The line of a picture in a ground truth: `labels` are those that count."""
    line: dict[str, Any] = {"source-ref": example.reference}
    for number, label in enumerate(labels):
        line[f"{_TRAINING}-{number}"] = 1
        line[f"{_TRAINING}-{number}-metadata"] = {
            "confidence": 1.0,
            "job-name": f"{_TRAINING}-job",
            "class-name": label,
            "human-annotated": "yes",
            "creation-date": written_time(created),
            "type": _TYPE,
        }
    return line


def evaluation_line(
    example: TrainingExample,
    labels: tuple[str, ...],
    said: Mapping[str, float],
    thresholds: Mapping[str, float],
    *,
    number: int,
    created: int,
) -> dict[str, Any]:
    """The line of a test picture, the `number`-th: what it shows, and what the model says.

    `said` are confidences, 0 to 1, by label. Every label that the picture has, or is given, stands there, and
    of the others the surest.
    """
    line = training_line(example, labels, created)
    line |= {"rekognition-custom-labels-object-id": number, "line-idx": example.line}
    surest = max(said, key=lambda label: said[label])
    shown = [
        label for label in said if label in labels or said[label] >= thresholds[label] or label == surest
    ]
    for place, label in enumerate(sorted(shown, key=lambda label: (-said[label], label))):
        line[f"{_EVALUATION}-{place}"] = 1
        line[f"{_EVALUATION}-{place}-metadata"] = {
            "confidence": round(float(said[label]), 6),
            "job-name": f"{_EVALUATION}-job",
            "class-name": label,
            "human-annotated": "no",
            "creation-date": written_time(created),
            "type": _TYPE,
            "rekognition-custom-labels-evaluation-details": _details(
                is_present=label in labels, is_found=bool(said[label] >= thresholds[label])
            ),
        }
    return line


def _details(*, is_present: bool, is_found: bool) -> dict[str, Any]:
    return {
        "version": 1,
        "is-true-positive": is_present and is_found,
        "is-true-negative": not is_present and not is_found,
        "is-false-positive": not is_present and is_found,
        "is-false-negative": is_present and not is_found,
        "is-present-in-ground-truth": is_present,
        "ground-truth-labelling-jobs": [f"{_TRAINING}-job"],
    }


def evaluations_in(line: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a line says of each label that it names, as its metadata have it."""
    return [
        value
        for name, value in line.items()
        if name.startswith(f"{_EVALUATION}-") and name.endswith("-metadata")
    ]


def written_time(milliseconds: int) -> str:
    """A time as manifests have it: ISO 8601, UTC, without a zone."""
    time = datetime.fromtimestamp(milliseconds / 1000, UTC).replace(tzinfo=None)
    return time.isoformat(timespec="microseconds")


@dataclass(slots=True)
class EvaluationTally:
    """What the lines of an evaluation come to, as they are written.

    `pictures` counts those that show a label; `given` those that show one label (first) and were given
    another (second), or the same: what was missed is paired with what was wrongly found, the surest first.
    """

    hits: Counter[str] = field(default_factory=Counter)
    false_alarms: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)
    given: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, line: Mapping[str, Any]) -> None:
        """Counts a line."""
        missed, false = [], []
        for said in evaluations_in(line):
            label, details = said["class-name"], said["rekognition-custom-labels-evaluation-details"]
            self.pictures[label] += details["is-present-in-ground-truth"]
            if details["is-true-positive"]:
                self.hits[label] += 1
                self.given[label, label] += 1
            elif details["is-false-positive"]:
                self.false_alarms[label] += 1
                false.append(label)
            elif details["is-false-negative"]:
                self.misses[label] += 1
                missed.append(label)
        self.given.update(zip(missed, false, strict=False))

    def of(self, label: str) -> Retrieval:
        """The counts of one label."""
        return Retrieval(self.hits[label], self.false_alarms[label], self.misses[label])
