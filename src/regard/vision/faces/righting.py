"""Which way up a face is, where MTCNN's last network may have been deceived.

A face without its chin or its forehead can be taken for one upside down: what the network sees as eyes is a
collar or a mouth. One logit can't tell, since it falls either way with the part that is missing. So every
quarter turn is judged where that turn puts the face, in a mirror too, and by two networks.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.mtcnn import FaceCandidates, Mtcnn
from regard.vision.faces.pose import eye_rolls
from regard.vision.geometry import squares
from regard.vision.pixels import Copies, Floats

CLEAR = 7.0  # logit from which a face that hardly leans is as it seems
LEANING = np.radians(40)
TURNS = np.radians([90, 180, -90]).astype(np.float32)
SEEN = 1.0  # logit that a face must have at another turn, to be considered
MARGIN = 1.0  # of the sum of four logits, by which another turn must win


def righted(
    mtcnn: Mtcnn, copies: Copies, found: FaceCandidates, settled: FaceCandidates | None = None
) -> FaceCandidates:
    """`found` with those replaced that are likelier at another quarter turn.

    Boxes and landmarks are in px of the picture that `copies` holds. A face keeps its logit: that it is one
    does not depend on which way up it is. Those that are among the `settled` stay as they are.
    """
    rolls = eye_rolls(found.landmarks)
    doubted = (found.logits < CLEAR) | (np.abs(rolls) > LEANING)
    if settled is not None:
        doubted &= ~found.among(settled)
    return _righted(mtcnn, copies, found, np.flatnonzero(doubted)) if doubted.any() else found


def _righted(
    mtcnn: Mtcnn, copies: Copies, found: FaceCandidates, doubted: NDArray[np.intp]
) -> FaceCandidates:
    boxes, rolls = squares(found.boxes[doubted]), eye_rolls(found.landmarks[doubted])
    turned = mtcnn.landmark_turned(copies, boxes.repeat(len(TURNS), 0), (rolls[:, None] + TURNS).ravel())
    seen = np.flatnonzero(turned.logits > SEEN)
    doubted_again = np.unique(seen // len(TURNS))
    if not len(doubted_again):
        return found
    as_is = mtcnn.landmark_turned(copies, boxes[doubted_again], rolls[doubted_again])
    faces, votes = _judged(mtcnn, copies, FaceCandidates.join([as_is, turned.take(seen)]))
    own, rival = votes[: len(as_is)], votes[len(as_is) :]
    replaced = found
    for row, vote in zip(doubted_again.tolist(), own.tolist(), strict=True):
        rivals = np.flatnonzero(seen // len(TURNS) == row)
        best = int(rivals[rival[rivals].argmax()])
        if rival[best] > vote + MARGIN:
            place, winner = doubted[[row]], faces.take(np.array([len(as_is) + best]))
            winner.logits[:] = found.logits[place]
            replaced = replaced.replaced(place, winner)
    return replaced


def _judged(mtcnn: Mtcnn, copies: Copies, faces: FaceCandidates) -> tuple[FaceCandidates, Floats]:
    """The `faces` again, each seen from where it is, and the sums (N,) of four logits of them."""
    boxes, rolls = squares(faces.boxes), eye_rolls(faces.landmarks)
    again, mirrored = mtcnn.landmark_both(copies, boxes, rolls)
    refined, refined_mirrored = mtcnn.rescore_both(copies, boxes, rolls)
    return again, again.logits + mirrored.logits + refined + refined_mirrored
