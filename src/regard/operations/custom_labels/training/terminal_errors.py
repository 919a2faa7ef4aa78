"""What ends a training before anything is learned, in the guide's codes and words, which clients match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart, UseCase

MAX_INVALID: Final = 0.2
"""The share of lines that may be of no use."""
MIN_OVERLAP: Final = 0.5
"""The share of the training labels that the test set has at least."""
MAX_LABELS: Final = 250
MIN_LABELS: Final = {UseCase.LABELS: 2, UseCase.BOXES: 1, UseCase.NONE: 1}


@dataclass(frozen=True, slots=True)
class TerminalError:
    """One of them: its code, for the summary, and its words, for StatusMessage."""

    code: str
    message: str


TOO_MANY_INVALID: Final = TerminalError(
    "ERROR_TOO_MANY_INVALID_ROWS_IN_MANIFEST", "The manifest file contains too many invalid rows."
)
SEVERAL_BUCKETS: Final = TerminalError(
    "ERROR_IMAGES_IN_MULTIPLE_S3_BUCKETS", "The manifest file contains images from multiple S3 buckets."
)
TOO_FEW_TO_SPLIT: Final = TerminalError(
    "ERROR_INSUFFICIENT_IMAGES_PER_LABEL_FOR_AUTOSPLIT",
    "The manifest file contains insufficient labeled images per label to perform auto-split.",
)
TOO_FEW_LABELS: Final = TerminalError(
    "ERROR_MANIFEST_TOO_FEW_LABELS", "The manifest file has too few labels."
)
TOO_MANY_LABELS: Final = TerminalError(
    "ERROR_MANIFEST_TOO_MANY_LABELS", "The manifest file has too many labels."
)
TOO_FEW_USABLE: Final = TerminalError(
    "ERROR_MANIFEST_TOO_FEW_USABLE_LABELS", "The manifest file has too few usable labels."
)
LITTLE_OVERLAP: Final = TerminalError(
    "ERROR_INSUFFICIENT_LABEL_OVERLAP",
    "Less than 50% label overlap between the training and testing manifest files.",
)
LITTLE_USABLE_OVERLAP: Final = TerminalError(
    "ERROR_INSUFFICIENT_USABLE_LABEL_OVERLAP",
    "Less than 50% usable label overlap between the training and testing manifest files.",
)


@dataclass(frozen=True, slots=True)
class TerminalErrors:
    """`training` and `testing` are those of one set, `both` those of the two together."""

    training: tuple[TerminalError, ...] = ()
    testing: tuple[TerminalError, ...] = ()
    both: tuple[TerminalError, ...] = ()

    @property
    def all(self) -> tuple[TerminalError, ...]:
        """The errors, the gravest first, each once."""
        return tuple(dict.fromkeys((*self.training, *self.testing, *self.both)))

    def of(self, part: TrainingPart) -> tuple[TerminalError, ...]:
        """Those of one set."""
        return self.training if part is TrainingPart.TRAINING else self.testing


def use_case_of(examples: Iterable[TrainingExample]) -> UseCase:
    """Boxes where a label has some in both sets, else labels of whole pictures."""
    boxed: dict[TrainingPart, set[str]] = {part: set() for part in TrainingPart}
    has_labels = False
    for one in examples:
        boxed[one.part].update(one.boxed)
        has_labels = has_labels or bool(one.labels)
    if boxed[TrainingPart.TRAINING] & boxed[TrainingPart.TESTING]:
        return UseCase.BOXES
    return UseCase.LABELS if has_labels else UseCase.NONE


def usable_labels(example: TrainingExample, use_case: UseCase) -> tuple[str, ...]:
    """The labels of an example that count for a use case."""
    return example.boxed if use_case is UseCase.BOXES else example.labels


def check_examples(
    examples: Sequence[TrainingExample],
    invalid: Counter[TrainingPart],
    totals: Counter[TrainingPart],
    use_case: UseCase,
) -> TerminalErrors:
    """What is wrong with two sets of usable examples.

    `totals` are how many lines the sets have, `invalid` how many of them are of no use.
    """
    found: dict[TrainingPart, list[TerminalError]] = {part: [] for part in TrainingPart}
    named: dict[TrainingPart, set[str]] = {part: set() for part in TrainingPart}
    usable: dict[TrainingPart, set[str]] = {part: set() for part in TrainingPart}
    for one in examples:
        named[one.part].update(one.labels, one.boxed)
        usable[one.part].update(usable_labels(one, use_case))
    for part in TrainingPart:
        if totals[part] and invalid[part] > MAX_INVALID * totals[part]:
            found[part].append(TOO_MANY_INVALID)
        if len({one.bucket for one in examples if one.part is part}) > 1:
            found[part].append(SEVERAL_BUCKETS)
    minimum = MIN_LABELS[use_case]
    if len(named[TrainingPart.TRAINING]) < minimum:
        found[TrainingPart.TRAINING].append(TOO_FEW_LABELS)
    elif len(usable[TrainingPart.TRAINING]) < minimum:
        found[TrainingPart.TRAINING].append(TOO_FEW_USABLE)
    if len(usable[TrainingPart.TRAINING]) > MAX_LABELS:
        found[TrainingPart.TRAINING].append(TOO_MANY_LABELS)
    both = []
    if _overlap(named) < MIN_OVERLAP:
        both.append(LITTLE_OVERLAP)
    elif _overlap(usable) < MIN_OVERLAP:
        both.append(LITTLE_USABLE_OVERLAP)
    return TerminalErrors(
        tuple(found[TrainingPart.TRAINING]), tuple(found[TrainingPart.TESTING]), tuple(both)
    )


def _overlap(labels: dict[TrainingPart, set[str]]) -> float:
    """The share of the training labels that the test set has; 1 where there are none."""
    training = labels[TrainingPart.TRAINING]
    return len(training & labels[TrainingPart.TESTING]) / len(training) if training else 1.0
