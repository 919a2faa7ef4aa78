"""Second looks: how likely an uncertain find is a face, from what MTCNN says of it once it is centred.

The cascade judges a window where the network before put it. A face keeps its scores, or gains, when the
window moves to where the last network puts the face, and when it is mirrored; texture mostly loses them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.appearance import logits_of_odds
from regard.vision.faces.blazeface import Sightings
from regard.vision.faces.boxes import eye_rolls, overlaps, square
from regard.vision.faces.mtcnn import THRESHOLDS, Candidates, Mtcnn
from regard.vision.pixels import Copies, Floats

LEANING = np.radians(25)  # less roll is looked at as it is
HOPE = -1.5  # logit that a second look is worth

# Logistic fit of "is a face" on `features` (training/fit_confidence.py).
WEIGHTS = np.array([0.344, 0.215, 0.255, 0.267, -1.105, 2.885, 1.085])
OFFSET = 2.160
LEAST = 0.4  # log-odds that a find must have


class Verifier:
    def __init__(self, mtcnn: Mtcnn) -> None:
        self._mtcnn = mtcnn

    def proved(self, copies: Copies, doubtful: Candidates, seen: Sightings, strong: Candidates) -> Candidates:
        """Those of `doubtful` that are likely faces, with logits that say how likely.

        Boxes and landmarks of what the cascade itself passed stay; those of the others are the looks' mean.
        """
        doubtful = doubtful.take(doubtful.logits > HOPE)
        features, centred = self.looks(copies, doubtful, seen, strong)
        passed = np.flatnonzero(doubtful.logits > THRESHOLDS[2])
        centred = centred.replaced(passed, doubtful.take(passed))
        odds = features @ WEIGHTS + OFFSET
        return Candidates(centred.boxes, logits_of_odds(odds), centred.landmarks).take(odds > LEAST)

    def looks(
        self, copies: Copies, doubtful: Candidates, seen: Sightings, strong: Candidates
    ) -> tuple[NDArray[np.float64], Candidates]:
        """What the looks said of each, (N, F), and where the second puts it."""
        rolls = eye_rolls(doubtful.landmarks)
        rolls = np.where(np.abs(rolls) > LEANING, rolls, 0).astype(np.float32)
        boxes = square(doubtful.boxes)
        centred = self._mtcnn.landmark_turned(copies, boxes, rolls, mirrored=True)
        refined = self._mtcnn.rescore(copies, boxes, rolls, mirrored=True)
        again = self._mtcnn.rescore(copies, square(centred.boxes), rolls)
        sizes = np.sqrt(np.prod(centred.boxes[:, 2:] - centred.boxes[:, :2], 1))
        features = [doubtful.logits, centred.logits, refined, again]
        features += [np.log(np.maximum(sizes, 1)), _sighted(centred.boxes, seen)]
        features += [np.full(len(sizes), min(len(strong), 1))]
        return np.stack(features, 1).astype(np.float64), centred


def _sighted(boxes: Floats, seen: Sightings) -> Floats:
    """BlazeFace's logit (N,), 0 to 4, of the sighting on each of `boxes` (N, 4); 0 where there is none."""
    logits = np.zeros(len(boxes), np.float32)
    for box, score in zip(seen.boxes, seen.scores, strict=True):
        value = np.log(score / (1 - min(score, 0.999)))
        logits = np.where(overlaps(box, boxes) > 0.35, np.clip(value, logits, 4), logits)
    return logits
