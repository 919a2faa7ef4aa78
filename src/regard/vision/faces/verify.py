"""How probable it is that an uncertain find is a face, from what MTCNN says of it once it is centred.

The cascade judges a window where the network before put it. A face keeps its scores, or gains, when the
window moves to where the last network puts the face, and when it is mirrored; texture mostly loses them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.appearance import logits_of_odds
from regard.vision.faces.blazeface import Sightings
from regard.vision.faces.mtcnn import THRESHOLDS, FaceCandidates, Mtcnn
from regard.vision.faces.pose import eye_rolls
from regard.vision.geometry import iou, squares
from regard.vision.pixels import Copies, Floats

LEANING = np.radians(25)  # less roll is left as it is
UPRIGHT = 0.8  # cosine of the angle between two rolls that agree
HOPE = -1.5  # logit from which a find is examined a second time

# Logistic fit of "is a face" on `features` (training/fit_confidence.py).
WEIGHTS = np.array([0.398, 0.211, 0.220, 0.240, -1.007, 2.540, 0.988])
OFFSET = 2.105
MIN_ODDS = 0.4  # log-odds that a find must have: 60 %
# A small face without a sure one in the picture, as texture shows them, must be likelier: 85 %.
SMALL, MIN_ODDS_ALONE = 32.0, 1.73


class Verifier:
    def __init__(self, mtcnn: Mtcnn) -> None:
        self._mtcnn = mtcnn

    def proved(
        self, copies: Copies, doubtful: FaceCandidates, seen: Sightings, strong: FaceCandidates
    ) -> FaceCandidates:
        """Those of `doubtful` that are likely faces, with logits that say how likely.

        Boxes and landmarks of what the cascade itself passed stay; the others have those of the second
        examination. `seen`: BlazeFace's sightings in the same picture; `strong`: the faces that need none.
        """
        doubtful = doubtful.take(doubtful.logits > HOPE)
        if not len(doubtful):
            return doubtful
        features, centred = self.evidence(copies, doubtful, seen, strong)
        passed = np.flatnonzero(doubtful.logits > THRESHOLDS[2])
        centred = centred.replaced(passed, doubtful.take(passed))
        odds = features @ WEIGHTS + OFFSET
        small = features[:, 4] < np.log(SMALL)
        needed = np.where(small & (len(strong) == 0), MIN_ODDS_ALONE, MIN_ODDS)
        return FaceCandidates(centred.boxes, logits_of_odds(odds), centred.landmarks).take(odds > needed)

    def evidence(
        self, copies: Copies, doubtful: FaceCandidates, seen: Sightings, strong: FaceCandidates
    ) -> tuple[NDArray[np.float64], FaceCandidates]:
        """What the networks said of each, (N, F), and where they put it once it was centred.

        Features: ONet's logit where it was found; ONet's and RNet's in a mirror, centred; RNet's once more
        where that put the face; the logarithm of its size in px; BlazeFace's logit; 1 beside a strong face,
        else 0.
        """
        rolls = eye_rolls(doubtful.landmarks)
        rolls = np.where(np.abs(rolls) > LEANING, rolls, 0).astype(np.float32)
        boxes = squares(doubtful.boxes)
        centred = self._mtcnn.landmark_turned(copies, boxes, rolls, mirrored=True)
        refined = self._mtcnn.rescore(copies, boxes, rolls, mirrored=True)
        again = self._mtcnn.rescore(copies, squares(centred.boxes), rolls)
        sizes = np.sqrt(np.prod(centred.boxes[:, 2:] - centred.boxes[:, :2], 1))
        features = [doubtful.logits, centred.logits, refined, again]
        features += [np.log(np.maximum(sizes, 1)), _sighted(centred, seen)]
        features += [np.full(len(sizes), min(len(strong), 1))]
        return np.stack(features, 1).astype(np.float64), centred


def _sighted(centred: FaceCandidates, seen: Sightings) -> Floats:
    """BlazeFace's logit (N,), 0 to 2, of a sighting there that is the same way up; 0 where there is none."""
    logits, rolls = np.zeros(len(centred), np.float32), eye_rolls(centred.landmarks)
    shared = iou(seen.boxes, centred.boxes)
    for share, score, roll in zip(shared, seen.scores, seen.rolls, strict=True):
        agree = (share > 0.35) & (np.cos(rolls - roll) > UPRIGHT)
        logits = np.where(agree, np.maximum(logits, min(2.0, np.log(score / max(1 - score, 1e-6)))), logits)
    return logits
