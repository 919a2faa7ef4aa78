"""How sure it is that a find is a face, where MTCNN may have taken a shoe or a monkey for one.

MTCNN has seen faces and what lies beside them, and is as sure of a shoe's eyelets as of eyes. MobileNetV2
was trained to tell animals and objects of a thousand kinds. What both say of a find, MTCNN once more and in a
mirror, MobileNetV2 of the face and of what is around it, is weighed by a logistic function.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.appearance import logits_of_odds
from regard.vision.faces.mtcnn import FaceCandidates, Mtcnn, cut_boxes
from regard.vision.faces.pose import eye_rolls
from regard.vision.features import read_chip_features
from regard.vision.geometry import squares
from regard.vision.pixels import Copies, Floats
from regard.vision.runner import Runner

SIDE = 96  # px of a crop: at 64 MobileNetV2 tells less, at 128 it takes twice as long
EXTENTS = (1.3, 1.8)  # of a face's square, that the two crops show
BOUNDS = (-8.0, 12.0)  # of a network's logit
CLEAR = 4.0  # logit from which no network doubts a find: nothing but faces has reached 3 in all of them
CLEAR_ODDS = 5.0  # log-odds that a clear find has at least: 48 of 100 faces were clear, and 1 of 293 others
LOGITS = 5  # of the cues
MIN_ODDS = -1.1  # log-odds that a find must have: 25 %
# Alone, a find is as often none as a face; beside a clear face it is likelier one, by these log-odds.
BESIDE = 2.0


@dataclass(frozen=True, eq=False, slots=True)
class Weighing:
    """Two logistic functions, of all that is known of a find, and of MTCNN's cues alone.

    `cues` (12,) on `expanded` cues, `features` (E, 1280) on the square roots of MobileNetV2's, `offset` ();
    `cues_alone` (12,), `offset_alone` (). training/fit_certainty.py makes them.
    """

    cues: NDArray[np.float64]
    features: NDArray[np.float64]
    offset: NDArray[np.float64]
    cues_alone: NDArray[np.float64]
    offset_alone: NDArray[np.float64]

    @classmethod
    def load(cls) -> Weighing:
        with files("regard.vision.faces").joinpath("certainty.npz").open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            return cls(**{field.name: stored[field.name].astype(np.float64) for field in fields(cls)})

    def odds(self, cues: Floats, features: Floats) -> NDArray[np.float64]:
        """Log-odds (N,) that finds are faces, for `cues` (N, 6) and `features` (N, E, 1280)."""
        said = np.einsum("nef,ef->n", np.sqrt(np.maximum(features, 0)), self.features)
        return np.asarray(expanded(cues) @ self.cues + said + self.offset, np.float64)

    def odds_alone(self, cues: Floats) -> NDArray[np.float64]:
        """Log-odds (N,) that finds are faces, for `cues` (N, 6)."""
        return np.asarray(expanded(cues) @ self.cues_alone + self.offset_alone, np.float64)


class FaceJudge:
    """Weighs what the networks say of a find. Safe to share by threads."""

    def __init__(self, runner: Runner, mtcnn: Mtcnn) -> None:
        self._runner = runner
        self._mtcnn = mtcnn
        self._weighing = Weighing.load()

    def judged(self, copies: Copies, found: FaceCandidates) -> FaceCandidates:
        """Those of `found` that are likely faces, with logits that say how likely.

        MobileNetV2 is asked about those alone that are not `clear`.
        """
        if not len(found):
            return found
        cues = self.cues(copies, found)
        odds = np.maximum(self._weighing.odds_alone(cues), CLEAR_ODDS)
        certain = clear(cues)
        doubted = np.flatnonzero(~certain)
        if len(doubted):
            features = self.features(copies, found.take(doubted))
            odds[doubted] = self._weighing.odds(cues[doubted], features) + BESIDE * certain.any()
        judged = FaceCandidates(found.boxes, logits_of_odds(odds), found.landmarks)
        return judged.take(odds > MIN_ODDS)

    def cues(self, copies: Copies, found: FaceCandidates) -> Floats:
        """What MTCNN says of each of `found`, in px of the picture that `copies` holds; (N, 6).

        The logit that it was found with; ONet's in a mirror, and as it is where that put the face; RNet's as
        it is, and in a mirror; the logarithm of the face's size in px.
        """
        boxes, rolls = squares(found.boxes), eye_rolls(found.landmarks)
        mirrored = self._mtcnn.landmark_turned(copies, boxes, rolls, mirrored=True)
        again = self._mtcnn.landmark_turned(copies, squares(mirrored.boxes), rolls)
        refined = self._mtcnn.rescore_both(copies, boxes, rolls)
        logits = [found.logits, mirrored.logits, again.logits, *refined]
        sizes = np.sqrt(np.prod(np.maximum(found.boxes[:, 2:] - found.boxes[:, :2], 1), 1))
        return np.column_stack([np.clip(np.stack(logits, 1), *BOUNDS), np.log(sizes)]).astype(np.float32)

    def features(self, copies: Copies, found: FaceCandidates) -> Floats:
        """MobileNetV2's features (N, E, 1280) of upright crops of each of `found`."""
        boxes, rolls = squares(found.boxes), eye_rolls(found.landmarks)
        crops = [cut_boxes(copies, _widened(boxes, by), SIDE, rolls) for by in EXTENTS]
        features = read_chip_features(self._runner, np.concatenate(crops))
        return features.reshape(len(EXTENTS), len(found), -1).swapaxes(0, 1)


def expanded(cues: Floats) -> NDArray[np.float64]:
    """(N, 12) of `cues` (N, 6): they, the squares of the logits, and the smallest logit, for one network's
    doubt says more than another's approval.
    """
    logits = cues[:, :LOGITS].astype(np.float64)
    return np.column_stack([cues, logits**2, logits.min(1)])


def clear(cues: Floats) -> NDArray[np.bool_]:
    """Which finds (N,) all of MTCNN's networks are sure of, for `cues` (N, 6)."""
    return np.asarray(cues[:, :LOGITS].min(1) > CLEAR)


def _widened(boxes: Floats, by: float) -> Floats:
    """Boxes (N, 4) about the same middles, `by` times as wide and high."""
    middle, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) * (by / 2)
    return np.concatenate([middle - half, middle + half], 1).astype(np.float32)
