"""How crowded it is around a face's vector, and the vectors moved so that it is equally crowded everywhere.

Some faces resemble many others: those of a kind that a network saw seldom in its training lie close together
and are taken for each other more often. One distance for all has to be small enough for them. In the
recognition of speakers, scores are therefore normalised by those of a cohort of other people (Auckenthaler et
al., "Score Normalization for Text-Independent Speaker Verification Systems", 2000). That takes the cohort
along, and a comparison that an index of vectors can't do. Here the vector itself is moved away from the
average face, by the more, the nearer its cohort is. How near that is, is predicted from the vector, so that
no face of the cohort has to be kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from regard.vision.pixels import Floats


@dataclass(frozen=True, eq=False, slots=True)
class Crowding:
    """A quadratic function of a vector's deviation v from the `average` (D,): the logarithm of a stretch.

    `slope` · v + p · `curvature` · p, p = v · `directions`; `slope` (D,), `directions` (D, K), `curvature`
    (K, K), `offset` () is what makes its mean 0 and `bounds` (2,) are its smallest and largest value, on the
    cohort. All float32. training/fit_embedding.py makes them.
    """

    average: Floats
    slope: Floats
    directions: Floats
    curvature: Floats
    offset: Floats
    bounds: Floats

    @classmethod
    def load(cls, constants: Mapping[str, NDArray[np.floating]]) -> Crowding:
        """From arrays by these names."""
        return cls(**{field.name: constants[field.name].astype(np.float32) for field in fields(cls)})

    def stretches(self, vectors: Floats) -> Floats:
        """How many times as far from the average (N,) the vectors (N, D) belong; about 1."""
        apart = vectors - self.average
        leading = apart @ self.directions
        logarithms = apart @ self.slope + ((leading @ self.curvature) * leading).sum(1) - self.offset
        return np.asarray(np.exp(np.clip(logarithms, *self.bounds)), np.float32)

    def even_out(self, vectors: Floats) -> Floats:
        """The vectors (N, D), moved."""
        moved = self.average + self.stretches(vectors)[:, None] * (vectors - self.average)
        return np.asarray(moved, np.float32)
