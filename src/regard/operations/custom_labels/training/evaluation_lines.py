"""The lines of the evaluation manifest, and what they come to: the summary is counted from these lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from regard.operations.custom_labels.training.examples import TrainingExample
from regard.vision.custom.box_evaluation import BoxOutcome
from regard.vision.custom.rates import Retrieval
from regard.vision.geometry import Box

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
            f"{_EVALUATION}-details": _details(
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


def box_training_line(example: TrainingExample, names: Sequence[str], created: int) -> dict[str, Any]:
    """The line of a picture with boxes in a ground truth. `names` are the labels, by their ids."""
    boxes = [(one.label, one.box, {"confidence": 1.0}) for one in example.boxes if one.label in names]
    return {"source-ref": example.reference} | _boxes(_TRAINING, "yes", example, names, boxes, created)


def box_evaluation_line(
    example: TrainingExample, names: Sequence[str], outcomes: Iterable[BoxOutcome], number: int, created: int
) -> dict[str, Any]:
    """The line of a test picture with boxes, the `number`-th. Every true box stands there once: found, or
    missed, with its best confidence below the threshold.
    """
    boxes = []
    for one in outcomes:
        box = one.found if one.found is not None else one.true
        if box is None or not (one.is_assumed or one.true is not None):
            continue
        details = _details(is_present=one.true is not None, is_found=one.is_assumed)
        said = {"confidence": round(one.confidence, 6), f"{_EVALUATION}-details": details}
        boxes.append((one.name, box, said))
    line = box_training_line(example, names, created)
    line |= {"rekognition-custom-labels-object-id": number, "line-idx": example.line}
    return line | _boxes(_EVALUATION, "no", example, names, boxes, created)


def _boxes(
    job: str,
    by_human: str,
    example: TrainingExample,
    names: Sequence[str],
    boxes: Sequence[tuple[str, Box, Mapping[str, Any]]],
    created: int,
) -> dict[str, Any]:
    """An attribute of boxes and its metadata, in px of the picture that the true ones were drawn on."""
    width, height = example.image_size or (1.0, 1.0)
    return {
        job: {
            "image_size": [{"width": round(width), "height": round(height), "depth": 3}],
            "annotations": [
                {
                    "class_id": names.index(name),
                    "left": round(box.left * width),
                    "top": round(box.top * height),
                    "width": round(box.width * width),
                    "height": round(box.height * height),
                }
                for name, box, _ in boxes
            ],
        },
        f"{job}-metadata": {
            "objects": [said for _, _, said in boxes],
            "class-map": {str(number): name for number, name in enumerate(names)},
            "type": "groundtruth/object-detection",
            "human-annotated": by_human,
            "creation-date": written_time(created),
            "job-name": f"{job}-job",
        },
    }


def evaluations_in(line: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The labels that a line tells of, once for each box where it has boxes, with the details of each."""
    if _EVALUATION in line:
        metadata = line[f"{_EVALUATION}-metadata"]
        ids = [str(one["class_id"]) for one in line[_EVALUATION]["annotations"]]
        return [
            (metadata["class-map"][number], said[f"{_EVALUATION}-details"])
            for number, said in zip(ids, metadata["objects"], strict=True)
        ]
    return [
        (value["class-name"], value[f"{_EVALUATION}-details"])
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
        told = evaluations_in(line)
        self.pictures.update({label for label, said in told if said["is-present-in-ground-truth"]})
        for label, details in told:
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
