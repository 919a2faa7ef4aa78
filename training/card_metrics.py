"""Rows of the cards of heads, and the curve that makes a probability of what a head says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from training.wilson import wilson

EDGES = (0.2, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97, 1.01)  # of the tables of labels


def platt(logits: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """Slope and offset of the logistic curve that fits best (Platt, 1999), by Newton's method, with a weak
    pull towards 1 and 0.
    """
    features = np.stack([logits, np.ones_like(logits)], 1)
    weights, prior = np.array([1.0, 0.0]), np.diag([2.0, 0.2])
    for _ in range(50):
        probability = 1 / (1 + np.exp(-np.clip(features @ weights, -40, 40)))
        gradient = features.T @ (probability - truth) + prior @ (weights - [1.0, 0.0])
        curvature = (features * (probability * (1 - probability))[:, None]).T @ features + prior
        weights = weights - np.linalg.solve(curvature, gradient)
    return float(weights[0]), float(weights[1])


def metric(
    attribute: str, name: str, value: float, data: str, count: int, low: float, high: float
) -> dict[str, str | float | int]:
    """One row of a card, as `regard.evaluation.card.AttributeMetric` reads it."""
    figures = {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
    return {"attribute": attribute, "metric": name, **figures, "data": data, "count": int(count)}


def share(attribute: str, name: str, hits: np.ndarray, data: str) -> dict[str, str | float | int]:
    """How many of `hits`, bool (N,), in percent, with Wilson's interval."""
    low, high = wilson(int(hits.sum()), len(hits))
    return metric(attribute, name, 100 * float(hits.mean()), data, len(hits), 100 * low, 100 * high)


def calibration(
    said: np.ndarray, truth: np.ndarray, edges: Sequence[float] = EDGES
) -> dict[str, list[float]]:
    """By what is said, a probability (N,): how many, what was said on average, and how many were so (`truth`,
    (N,) of 0 and 1), the latter two in percent.
    """
    return {
        f"{100 * low:.0f}-{min(100 * high, 100):.0f} %": [
            int(rows.sum()),
            round(100 * float(said[rows].mean()), 1),
            round(100 * float(truth[rows].mean()), 1),
        ]
        for low, high in pairwise(edges)
        if (rows := (said >= low) & (said < high)).any()
    }
