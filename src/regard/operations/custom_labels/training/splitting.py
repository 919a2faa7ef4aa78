"""A fifth of the training pictures put aside as the test set, as DistributeDatasetEntries would."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from regard.custom.distribution import SplitCandidate, draw_test_entries
from regard.operations.custom_labels.training.examples import TrainingExample, TrainingPart


def split_examples(examples: Sequence[TrainingExample], seed: str) -> list[TrainingExample]:
    """The examples in their order, of which a fifth are of the test set now: the same fifth of the same seed.

    What is of no use is not drawn, since it could test nothing.
    """
    candidates = [
        SplitCandidate(place, hashlib.sha256(one.reference.encode()).digest(), _labels(one))
        for place, one in enumerate(examples)
        if one.is_usable and _labels(one)
    ]
    drawn = frozenset(draw_test_entries(candidates, seed))
    return [
        replace(one, part=TrainingPart.TESTING) if place in drawn else one
        for place, one in enumerate(examples)
    ]


def can_be_split(examples: Sequence[TrainingExample]) -> bool:
    """Whether half of the labels or more have two pictures of use, so that both sets can show them."""
    counts = Counter(label for one in examples if one.is_usable for label in _labels(one))
    return 2 * sum(count > 1 for count in counts.values()) >= len(counts) > 0


def _labels(example: TrainingExample) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*example.labels, *example.boxed)))
