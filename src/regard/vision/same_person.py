"""How sure it is that two embeddings from one video are of one person, from how alike they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AppearanceModel:
    """Log-odds that two embeddings are of one: `slope` · (cosine − `middle`), within ± `max_evidence`.

    `known_again`: the log-odds from which somebody new is somebody who was lost.
    """

    middle: float
    slope: float
    max_evidence: float
    known_again: float

    def evidence(self, cosines: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(
            np.clip(self.slope * (cosines - self.middle), -self.max_evidence, self.max_evidence)
        )
