"""Logistic regression with a ridge: softmax where a picture has one label, one against all where several."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.minimize import minimize
from regard.vision.geometry import sigmoid

Doubles = NDArray[np.float64]

_BIAS_RIDGE = (
    1e-4  # holds the bias of a label that nothing has, and those of a softmax, which have a free sum
)


@dataclass(frozen=True, eq=False, slots=True)
class WeightedRows:
    """`rows` (N, R), in whose precision they are multiplied; `targets` (N, C), 0 to 1, which sum to 1 in a
    softmax; `weights` (N, C), how much each counts, the same for a whole row in a softmax.
    """

    rows: NDArray[np.floating]
    targets: Doubles
    weights: Doubles


def probabilities(logits: Doubles, *, is_exclusive: bool) -> Doubles:
    """(N, C), 0 to 1: by softmax, or each for itself."""
    if not is_exclusive:
        return sigmoid(logits)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def losses(logits: Doubles, targets: Doubles, *, is_exclusive: bool) -> Doubles:
    """Cross-entropies (N, C) of logits (N, C), in nats."""
    if not is_exclusive:
        return np.asarray(np.logaddexp(0, logits) - targets * logits)
    highest = logits.max(1, keepdims=True)
    total = highest + np.log(np.exp(logits - highest).sum(1, keepdims=True))
    return np.asarray(targets * (total - logits))


def fit_logistic(
    blocks: Callable[[], Iterable[WeightedRows]],
    start: Doubles,
    *,
    ridge: float,
    is_exclusive: bool,
    tolerance: float = 1e-7,
    max_steps: int = 300,
) -> Doubles:
    """Weights and, last, bias (R + 1, C) of the smallest weighted loss plus `ridge` / 2 · the squared
    weights.

    `blocks` gives the examples, part by part, each time that it is asked: they need not fit in memory.
    """

    def function(flat: Doubles) -> tuple[float, Doubles]:
        found = flat.reshape(start.shape)
        pull = np.full((len(found), 1), ridge)
        pull[-1] = _BIAS_RIDGE
        value = float((pull * found**2).sum() / 2)
        gradient = pull * found
        for block in blocks():
            logits = block.rows @ found[:-1].astype(block.rows.dtype) + found[-1]
            value += float((block.weights * losses(logits, block.targets, is_exclusive=is_exclusive)).sum())
            said = probabilities(logits, is_exclusive=is_exclusive)
            slopes = block.weights * (said - block.targets)
            gradient[:-1] += block.rows.T @ slopes.astype(block.rows.dtype)
            gradient[-1] += slopes.sum(0)
        return value, gradient.ravel()

    flat = minimize(function, start.ravel(), tolerance=tolerance, max_steps=max_steps)
    return flat.reshape(start.shape)


@dataclass(frozen=True, eq=False, slots=True)
class Balance:
    """How much a picture counts that has, or lacks, each label: (C,) each."""

    having: Doubles
    lacking: Doubles
    is_exclusive: bool

    @classmethod
    def of(cls, having: Doubles, lacking: Doubles, power: float, *, is_exclusive: bool) -> Balance:
        """By how many pictures have each label, and how many lack it: (C,) each. A label of n pictures has
        n^(1 − power) in all, and so has its absence where labels don't exclude each other: at `power` 0 a
        rare label counts as its pictures, at 1 as much as any other. All together count 1, for each label
        where they don't exclude each other.
        """
        one, other = (np.maximum(counts, 1) ** -power for counts in (having, lacking))
        if is_exclusive:
            return cls(one / max(float(having @ one), 1e-9), np.zeros_like(one), is_exclusive)
        total = np.maximum(having * one + lacking * other, 1e-9)
        return cls(one / total, other / total, is_exclusive)

    def weights(self, targets: Doubles) -> Doubles:
        """(N, C) of pictures with these targets (N, C), 0 or 1."""
        if self.is_exclusive:
            return np.repeat((targets @ self.having)[:, None], targets.shape[1], 1)
        return np.where(targets > 0, self.having, self.lacking)
