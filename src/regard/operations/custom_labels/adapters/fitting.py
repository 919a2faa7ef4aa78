"""From what the base says of pictures, and what people say, to an adapter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.operations.pictures.moderation_taxonomy import expanded, taxonomy, with_parents
from regard.vision.custom.adapter import CorrectionExamples, ModerationAdapter, fit_correction
from regard.vision.custom.coordinates import Doubles

MIN_FALSE_ALARMS: Final = 20
MIN_MISSES: Final = 50
"""Of one label, or false alarms of it: what Amazon asks for at least."""


@dataclass(frozen=True, eq=False, slots=True)
class AdapterExamples:
    """N pictures. `said`: what the base says of each, percent, labels above not among them; `features`
    (N, D); `labels`: what people say.
    """

    said: Sequence[Mapping[str, float]]
    features: NDArray[np.floating]
    labels: Sequence[Sequence[str]]


def fit_adapter(
    examples: AdapterExamples, sayable: Set[str], centroids: Doubles, threshold: float
) -> ModerationAdapter:
    """Corrects each label that people name, and each that the base says of a picture without it.

    `sayable` are the labels that the base may say at all, and all above them; `threshold`, percent. Without
    any such label the adapter corrects nothing.
    """
    base = [expanded(one) for one in examples.said]
    truth = [with_parents(one) for one in examples.labels]
    false = {
        name
        for said, true in zip(base, truth, strict=True)
        for name, sure in said.items()
        if sure >= threshold and name not in true
    }
    wanted = false.union(*truth)
    return ModerationAdapter(
        {
            name: fit_correction(
                CorrectionExamples(
                    np.array([one.get(name, 0.0) for one in base]),
                    examples.features,
                    np.array([name in one for one in truth]),
                    name in sayable,
                ),
                centroids,
                threshold,
            )
            for name in taxonomy()
            if name in wanted
        }
    )


def shortage(examples: AdapterExamples, threshold: float) -> str | None:
    """What Rekognition would want more of, in a sentence; None where it is enough."""
    false = misses = 0
    for said, labels in zip(examples.said, examples.labels, strict=True):
        sure, true = expanded(said), with_parents(labels)
        false += any(one >= threshold and name not in true for name, one in sure.items())
        misses += any(sure.get(name, 0.0) < threshold for name in true)
    if false >= MIN_FALSE_ALARMS or misses >= MIN_MISSES:
        return None
    return (
        f"It was trained on {false} false alarms and {misses} misses; Rekognition wants "
        f"{MIN_FALSE_ALARMS} of the former or {MIN_MISSES} of the latter."
    )
