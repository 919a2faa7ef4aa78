"""Which way up a face is, where MTCNN's last network may have been deceived.

A face without its chin or its forehead can be taken for one upside down: what the network sees as eyes is a
collar or a mouth. One logit can't tell, since it falls either way with the part that is missing. So every
quarter turn is judged where that turn puts the face, in a mirror too, and by two networks.
"""

from __future__ import annotations

import numpy as np

from regard.vision.faces.mtcnn import FaceCandidates, Mtcnn
from regard.vision.faces.pose import eye_rolls
from regard.vision.geometry import squares
from regard.vision.pixels import Copies

CLEAR = 7.0  # logit from which a face that hardly leans is as it seems
LEANING = np.radians(40)
TURNS = np.radians([90, 180, -90]).astype(np.float32)
SEEN = 1.0  # logit that a face must have at another turn, to be considered
MARGIN = 1.0  # of the sum of four logits, by which another turn must win


def righted(mtcnn: Mtcnn, copies: Copies, found: FaceCandidates) -> FaceCandidates:
    """`found` with those replaced that are likelier at another quarter turn.

    Boxes and landmarks are in px of the picture that `copies` holds. A face keeps its logit: that it is one
    does not depend on which way up it is.
    """
    rolls = eye_rolls(found.landmarks)
    doubted = np.flatnonzero((found.logits < CLEAR) | (np.abs(rolls) > LEANING))
    if not len(doubted):
        return found
    boxes = squares(found.boxes[doubted])
    turned = mtcnn.landmark_turned(
        copies, boxes.repeat(len(TURNS), 0), (rolls[doubted][:, None] + TURNS).ravel()
    )
    seen = np.flatnonzero(turned.logits > SEEN)
    doubted_again = np.unique(seen // len(TURNS))
    if not len(doubted_again):
        return found
    as_is = mtcnn.landmark_turned(copies, boxes[doubted_again], rolls[doubted][doubted_again])
    _, own = _judged(mtcnn, copies, as_is)
    others, votes = _judged(mtcnn, copies, turned.take(seen))
    replaced = found
    for row, vote in zip(doubted_again.tolist(), own.tolist(), strict=True):
        rivals = np.flatnonzero(seen // len(TURNS) == row)
        best = int(rivals[votes[rivals].argmax()])
        if votes[best] > vote + MARGIN:
            place, winner = doubted[[row]], others.take(np.array([best]))
            winner.logits[:] = found.logits[place]
            replaced = replaced.replaced(place, winner)
    return replaced


def _judged(mtcnn: Mtcnn, copies: Copies, faces: FaceCandidates) -> tuple[FaceCandidates, np.ndarray]:
    """The `faces` again, each seen from where it is, and the sums (N,) of four logits of them."""
    boxes, rolls = squares(faces.boxes), eye_rolls(faces.landmarks)
    again = mtcnn.landmark_turned(copies, boxes, rolls)
    votes = again.logits + mtcnn.landmark_turned(copies, boxes, rolls, mirrored=True).logits
    for mirrored in (False, True):
        votes = votes + mtcnn.rescore(copies, boxes, rolls, mirrored=mirrored)
    return again, votes
