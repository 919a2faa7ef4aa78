"""Pictures whose given label is probably wrong, as the folds of a fit tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from regard.vision.custom.label_model import LabelFit

MAX_PROBABILITY = 0.1  # of a given label that is doubted
MIN_PROBABILITY = 0.5  # of another that is named in its place


@dataclass(frozen=True, slots=True)
class LabelDoubt:
    """A label that a picture (`row` of the examples) was given, and that models which were fitted without the
    picture find improbable (`confidence`, 0 to 1). `given` is None where it was said to have no label.
    `likelier`: a label that it wasn't given and that they find probable, if there is one.
    """

    row: int
    given: str | None
    confidence: float
    likelier: str | None


def doubted_labels(fit: LabelFit) -> list[LabelDoubt]:
    """The doubts about the examples of a fit, the most improbable label first."""
    held = fit.held_out
    found: list[LabelDoubt] = []
    for row, confidences in zip(held.rows.tolist(), held.confidences.tolist(), strict=True):
        said = dict(zip(fit.model.names, confidences, strict=True))
        found += _doubts(row, fit.examples.labels[row], said, is_exclusive=fit.model.is_exclusive)
    return sorted(found, key=lambda doubt: (doubt.confidence, doubt.row, doubt.given or ""))


def _doubts(
    row: int, given: tuple[str, ...], said: dict[str, float], *, is_exclusive: bool
) -> Iterator[LabelDoubt]:
    others = {name: confidence for name, confidence in said.items() if name not in given}
    best = max(others, key=lambda name: others[name], default=None)
    likelier = best if best is not None and others[best] >= MIN_PROBABILITY else None
    for name in given:
        if said[name] < MAX_PROBABILITY:
            yield LabelDoubt(row, name, said[name], likelier)
    if not given and likelier is not None:
        nothing = 1 - (sum(said.values()) if is_exclusive else said[likelier])
        if nothing < MAX_PROBABILITY:
            yield LabelDoubt(row, None, max(nothing, 0.0), likelier)
