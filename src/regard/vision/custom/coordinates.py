"""The coordinates that labels are fitted in: roots of features, centred, in the space that they span."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

_NEGLIGIBLE = 1e-10  # of the largest variance


def roots(features: NDArray[np.floating]) -> Doubles:
    """(N, D), float64, of features (N, D) that may be rounded below 0. A feature counts how much of something
    there is: its root makes the difference of little and none as large as that of much and more.
    """
    return np.asarray(np.sqrt(np.maximum(features, 0, dtype=np.float64)))


@dataclass(frozen=True, eq=False, slots=True)
class Coordinates:
    """(root − `centre`) / `scale` · `basis`, where `centre` is (D,) and `basis` (D, R), or the features' own
    where None. The mean square length of what they were made for is 1, so that a ridge means the same for any
    network.
    """

    centre: Doubles
    scale: float
    basis: Doubles | None

    @classmethod
    def spanning(cls, rows: Doubles, others: Doubles) -> Coordinates:
        """Of `rows` (N, D) and `others` (M, D), which don't move centre and scale. Where there are fewer rows
        than features, in their span: a fit with a ridge is the same there, and sooner done.
        """
        centre = rows.mean(0)
        every = np.concatenate([rows, others]) - centre
        scale = float(np.sqrt((every[: len(rows)] ** 2).sum(1).mean())) or 1.0
        count, dimension = every.shape
        if count >= dimension:
            return cls(centre, scale, None)
        variances, vectors = np.linalg.eigh(every @ every.T)
        large = variances > _NEGLIGIBLE * max(float(variances[-1]), 1e-300)
        return cls(centre, scale, every.T @ (vectors[:, large] / np.sqrt(variances[large])))

    def of(self, rows: Doubles) -> Doubles:
        """(N, R) of roots (N, D)."""
        moved = (rows - self.centre) / self.scale
        return np.asarray(moved if self.basis is None else moved @ self.basis)

    def unfolded(self, found: Doubles) -> tuple[Doubles, Doubles]:
        """Weights (D, C) and bias (C,) on roots that give the same logits as weights and bias (R + 1, C) do
        on coordinates.
        """
        weights = (found[:-1] if self.basis is None else self.basis @ found[:-1]) / self.scale
        return weights, found[-1] - self.centre @ weights
