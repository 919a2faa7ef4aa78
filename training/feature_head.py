"""Fit a linear head on features of MobileNetV2 or EfficientNet-Lite2, as `regard.vision.features` runs it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

DIMENSIONS = 200  # principal components that a head is fitted in


def fit_head(
    features: np.ndarray, targets: np.ndarray, dimensions: int = DIMENSIONS
) -> tuple[np.ndarray, np.ndarray]:
    """Weights (1280, O) and bias (O,) for features (N, V, 1280) of N pictures in V views and targets (N, O):
    1, 0, or −1 for not known. Fitted in principal components that are half whitened.
    """
    rows = np.sqrt(features.reshape(-1, features.shape[-1]).astype(np.float64))
    truth = np.repeat(targets, features.shape[1], 0)
    centre = rows.mean(0)
    variances, directions = np.linalg.eigh(np.cov((rows - centre).T))
    spread = np.sqrt(variances[::-1][:dimensions])
    basis = directions[:, ::-1][:, :dimensions] / np.sqrt(spread * spread[0])
    projected = with_one((rows - centre) @ basis)
    ridge = np.append(np.ones(dimensions), 1e-6)
    columns = []
    for column in range(truth.shape[1]):
        known = truth[:, column] >= 0
        weight = 1 / features.shape[1]  # a picture counts once, whatever the number of its views
        columns.append(logistic(projected[known], truth[known, column], ridge, weight=weight))
    found = np.stack(columns, 1)
    weights = basis @ found[:-1]
    return weights, found[-1] - centre @ weights


def logistic(
    features: np.ndarray, truth: np.ndarray, ridge: np.ndarray, *, weight: float | np.ndarray = 1.0
) -> np.ndarray:
    """Weights of the logistic function that fits best, by Newton's method, pulled towards 0 by `ridge`.

    `weight`: how much a row counts, one number or (N,).
    """
    weights = np.zeros(features.shape[1])
    pull = np.diag(ridge + 1e-9)

    def loss(weights: np.ndarray) -> float:
        values = features @ weights
        return float(
            (weight * (np.logaddexp(0, values) - truth * values)).sum() + weights @ pull @ weights / 2
        )

    for _ in range(30):
        probability = sigmoid(features @ weights)
        gradient = features.T @ (weight * (probability - truth)) + pull @ weights
        curvature = (
            features * (weight * np.maximum(probability * (1 - probability), 1e-6))[:, None]
        ).T @ features + pull
        step = np.linalg.solve(curvature, gradient)
        before = loss(weights)
        while loss(weights - step) > before + 1e-9:  # where few are true, a whole step can go too far
            step /= 2
        weights -= step
        if np.abs(step).max() < 2e-3:
            break
    return weights


def save_head(target: Path, outputs: tuple[str, ...], weights: np.ndarray, bias: np.ndarray) -> int:
    """Write the head; its size in bytes."""
    np.savez_compressed(
        target, outputs=np.array(outputs), weights=weights.astype(np.float16), bias=bias.astype(np.float32)
    )
    return target.stat().st_size


def with_one(features: np.ndarray) -> np.ndarray:
    return np.column_stack([features, np.ones(len(features))])


def sigmoid(values: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-np.clip(values, -30, 30))))
