"""What a fine-tuned network says of labels, together with what the frozen one says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regard.vision.custom.calibration import fit_scale
from regard.vision.custom.coordinates import Doubles
from regard.vision.custom.logistic import probabilities
from regard.vision.pixels import Floats

SMALLEST = 1e-6
"""A confidence, as near to 0 and 1 as the logarithms of one are taken."""
TUNED_SHARE = 0.9
"""How much the fine-tuned network counts; what is left is the frozen one's."""


@dataclass(frozen=True, eq=False, slots=True)
class LabelBlend:
    """`tuned` · log-odds of the fine-tuned network + `frozen` · those of the frozen one + `shifts` (L,),
    calibrated.

    `is_exclusive`: a softmax of these shares out what the frozen network leaves for the labels: whether a
    picture shows none of them it alone can tell, since it has been shown what other pictures are like.
    """

    tuned: float
    frozen: float
    shifts: Doubles
    is_exclusive: bool

    @classmethod
    def fitted(
        cls,
        tuned: NDArray[np.floating],
        frozen: NDArray[np.floating],
        targets: Doubles,
        *,
        is_exclusive: bool,
    ) -> LabelBlend:
        """The blend that makes targets (N, L), 0 or 1, the most probable, of pictures that neither network
        has learned from. `tuned`: log-odds (N, L); `frozen`: confidences (N, L), 0 to 1.
        """
        rows = targets.sum(1) > 0 if is_exclusive else np.ones(len(targets), bool)
        mixed = TUNED_SHARE * tuned + (1 - TUNED_SHARE) * _log_odds(frozen, is_exclusive=is_exclusive)
        scale = fit_scale(
            mixed[rows],
            targets[rows],
            is_exclusive=is_exclusive,
            movable=np.ones(targets.shape[1], bool),
        )
        shares = scale.scale * TUNED_SHARE, scale.scale * (1 - TUNED_SHARE)
        return cls(*shares, scale.shifts, is_exclusive)

    def confidences(self, tuned: NDArray[np.floating], frozen: NDArray[np.floating]) -> Floats:
        """(N, L), 0 to 1, of log-odds (N, L) of the fine-tuned network and confidences (N, L) of the frozen
        one.
        """
        odds = _log_odds(frozen, is_exclusive=self.is_exclusive)
        said = probabilities(
            self.tuned * tuned + self.frozen * odds + self.shifts, is_exclusive=self.is_exclusive
        )
        return np.asarray(said * frozen.sum(1, keepdims=True) if self.is_exclusive else said, np.float32)


def _log_odds(confidences: NDArray[np.floating], *, is_exclusive: bool) -> Doubles:
    """(N, L); where labels exclude each other, up to what is the same for all labels of a picture."""
    kept = np.clip(confidences.astype(np.float64), SMALLEST, 1 - SMALLEST)
    return np.asarray(np.log(kept) if is_exclusive else np.log(kept) - np.log1p(-kept))
