"""Faces at any roll: MTCNN for the many upright ones, BlazeFace as the second opinion for the rest.

MTCNN sees small faces, but only up to some 45° of roll; BlazeFace sees large faces at any roll, tells it, and
is asked where MTCNN leaves something in doubt. What only BlazeFace saw is turned upright and shown to MTCNN's
last network. What MTCNN all but passes is examined again, and stays when it is likely a face (verify.py). A
dark or hazy picture is searched at full contrast. Where the faces of a picture lean, or none is sure, the
whole picture is turned and searched again. How sure every find is in the end, a network says that knows
animals and objects (certainty.py).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.vision.faces.blazeface import BlazeFace, Sightings
from regard.vision.faces.certainty import FaceJudge
from regard.vision.faces.mtcnn import STRONG, FaceCandidates, Leads, Mtcnn
from regard.vision.faces.pose import eye_rolls
from regard.vision.faces.righting import righted
from regard.vision.faces.turned_copies import TurnedCopies
from regard.vision.faces.verify import LEANING, Verifier
from regard.vision.geometry import nested, nms_nested, share_of_smaller, squares
from regard.vision.pixels import FLAT_SPAN, GREY, Copies, Pixels, stretched
from regard.vision.runner import Runner

MIN_FACE = 20.0  # px: smaller ones carry too little to be told from texture
MIN_SHARE = 0.02  # of the longer side: 38 px in a picture of 1,920
FIRST_SHARE = 0.0235  # of the longer side: a face that fills PNet's cell; it finds them from .6 of that
FAINT_SHARE = 0.6  # of the smallest face, that a faint one must have
SURE = 3.5  # logit that a face found in a turned picture must have
CERTAIN = 7.0  # logit that a face has only the right way up
QUARTERS = tuple(np.radians([90, -90, 180]))
DIAGONALS = tuple(np.radians([45, -45, 135, -135]))
OPEN = -4.0  # RNet's logit from which what it turned down is in doubt
BLAZE_SHARE = 0.05  # of the longer side: the smallest face that BlazeFace sees
MURKY = 60  # grey levels in use, up to which a strong face may have others beside it in the murk
MARGIN = 0.3  # of each side, laid around a picture that seems to hold nothing


class FaceDetector:
    def __init__(self, runner: Runner) -> None:
        self._mtcnn = Mtcnn(runner)
        self._blazeface = BlazeFace(runner)
        self._verifier = Verifier(self._mtcnn)
        self._judge = FaceJudge(runner, self._mtcnn)

    def detect(self, picture: Pixels | Copies) -> FaceCandidates:
        """All faces of a picture (H, W, 3), uint8, RGB, in no order."""
        copies = Copies.of(picture)
        pixels = copies.pixels
        min_face = max(MIN_FACE, MIN_SHARE * max(pixels.shape[:2]))
        found = self._upright(copies, min_face)
        clear = stretched(pixels, MURKY if (found.logits > STRONG).any() else FLAT_SPAN)
        if clear is not None:
            pixels, copies = clear, Copies(clear)
            found = _distinct([found, self._upright(copies, min_face)])
        if not len(found):
            found = self._close_up(copies)
        upright = righted(self._mtcnn, copies, found)
        settled = found.take(found.among(upright))
        found = self._search_turned(pixels, min_face, upright)
        found = righted(self._mtcnn, copies, found, settled)
        found = _distinct([self._straightened(copies, found)])
        return self._judge.judged(copies, found)

    def detect_upright(self, picture: Pixels | Copies, *, longer: float) -> FaceCandidates:
        """The upright faces of a picture (H, W, 3), uint8, RGB, in no order.

        `longer` is the longer side, px, of the picture that this one is cut from: it says how small a face
        may be. Nothing is turned or searched at another contrast, which takes several times as long.
        """
        copies = Copies.of(picture)
        found = self._upright(copies, max(MIN_FACE, MIN_SHARE * longer))
        return self._judge.judged(copies, _distinct([self._straightened(copies, found)]))

    def _upright(self, copies: Copies, min_face: float) -> FaceCandidates:
        """What MTCNN finds in the picture as it is, with BlazeFace's help."""
        found, leads = self._mtcnn.detect(copies, max(min_face, FIRST_SHARE * max(copies.shape)))
        seen = self._blazeface.detect(copies) if self._doubted(copies, found, leads) else Sightings.none()
        turned = self._second_opinion(copies, found, seen)
        found = _distinct([found, turned.take(turned.logits > SURE)])
        faint = FaceCandidates.join(
            [turned.take(turned.logits <= SURE), self._mtcnn.follow(copies, leads, found)]
        )
        sides = (faint.boxes[:, 2:] - faint.boxes[:, :2]).max(1)
        return self._resolved(copies, found, faint.take(sides > FAINT_SHARE * min_face), seen)

    def _doubted(self, copies: Copies, found: FaceCandidates, leads: Leads) -> bool:
        """Whether BlazeFace may see more than MTCNN: where none is strong, or something large is in doubt."""
        strong = found.take(found.logits > STRONG)
        if not len(strong):
            return True
        boxes = np.concatenate([found.boxes, leads.boxes[leads.logits > OPEN], leads.failed.boxes])
        large = boxes[(boxes[:, 2:] - boxes[:, :2]).max(1) > BLAZE_SHARE * max(copies.shape)]
        return not nested(large, strong.boxes).all()

    def _resolved(
        self, copies: Copies, found: FaceCandidates, faint: FaceCandidates, seen: Sightings
    ) -> FaceCandidates:
        """The strong ones of `found`, and those of the others and of the `faint` that are likely faces."""
        strong = found.take(found.logits > STRONG)
        doubtful = _distinct([found.take(found.logits <= STRONG), faint])
        doubtful = doubtful.take(~nested(doubtful.boxes, strong.boxes))
        return _distinct([strong, self._verifier.proved(copies, doubtful, seen, strong)])

    def _search_turned(self, pixels: Pixels, min_face: float, found: FaceCandidates) -> FaceCandidates:
        """Add what the picture shows once it is turned back, where there is reason to turn it."""
        best = FaceCandidates.none()
        scale = min(1.0, 24 / min_face)
        smallest = max(MIN_FACE, min_face * scale * (1.0 if len(found) else 1.5))
        copies = TurnedCopies(pixels, scale)
        for roll in _suspected_rolls(found):
            turned = self._turned(copies, smallest, roll)
            if _weight(turned) > _weight(best):
                best = turned
            if len(turned) and turned.logits.max() > CERTAIN:
                break
        if _weight(best) > _weight(found):  # then what was weak before is no face, but a part of one
            found = found.take(found.logits > SURE)
        elif len(best) and best.logits.max() > CERTAIN:  # nor are weak ones that stand another way
            found = found.take((found.logits > SURE) | _agreeing(found, best))
        return _distinct([found, best])

    def _second_opinion(self, copies: Copies, found: FaceCandidates, seen: Sightings) -> FaceCandidates:
        """What BlazeFace saw and MTCNN did not, or only just, as MTCNN sees it once it is upright."""
        strong = found.boxes[found.logits > STRONG]
        open_ = np.flatnonzero((share_of_smaller(seen.boxes, strong) < 0.5).all(1))
        if not len(open_):
            return FaceCandidates.none()
        boxes = np.repeat(squares(seen.boxes[open_]), 4, 0)
        rolls = (seen.rolls[open_][:, None] + np.radians([0, 180, 90, -90])).ravel()
        first = self._mtcnn.landmark_turned(copies, boxes, rolls)
        # The second time from where the first put the face, unless that loses it.
        second = self._mtcnn.landmark_turned(copies, squares(first.boxes), eye_rolls(first.landmarks))
        lost = np.flatnonzero((second.logits < SURE) & (first.logits > second.logits))
        second = second.replaced(lost, first.take(lost))
        best = np.arange(0, len(boxes), 4) + second.logits.reshape(-1, 4).argmax(1)
        return second.take(best)

    def _close_up(self, copies: Copies) -> FaceCandidates:
        """A face that fills its frame, found by laying a margin around it."""
        scale = min(1.0, 320 / max(copies.shape))
        small = copies.shrunk(*(max(1, round(scale * side)) for side in copies.shape[::-1]))
        border = round(MARGIN * max(small.shape[:2]))
        framed = np.pad(small, ((border, border), (border, border), (0, 0)), constant_values=GREY)
        min_face = max(MIN_FACE, 0.15 * max(framed.shape[:2]))
        found = self._upright(Copies(framed), min_face)
        return FaceCandidates(
            (found.boxes - border) / scale, found.logits, (found.landmarks - border) / scale
        )

    def _turned(self, turned: TurnedCopies, smallest: float, roll: float) -> FaceCandidates:
        """Searches a copy that is turned back by `roll` radians for faces of `smallest` px of it and more;
        the answer in the picture's own frame.
        """
        copy, warp = turned.back(roll)
        copies = Copies(copy)
        found, leads = self._mtcnn.detect(copies, smallest)
        found = found.take(found.logits > SURE)
        if not len(found):  # turned often enough, texture shows a faint face somewhere
            return found
        faint = self._mtcnn.follow(copies, leads, found)
        return _moved(self._resolved(copies, found, faint, Sightings.none()), warp)

    def _straightened(self, copies: Copies, found: FaceCandidates) -> FaceCandidates:
        """The same, but those that lean were landmarked once more, upright."""
        rolls = eye_rolls(found.landmarks)
        leaning = np.flatnonzero(np.abs(rolls) > LEANING)
        if not len(leaning):
            return found
        second = self._mtcnn.landmark_turned(copies, squares(found.boxes[leaning]), rolls[leaning])
        better = second.logits > np.minimum(found.logits[leaning], STRONG)
        kept = second.logits < found.logits[leaning]
        second.logits[kept] = found.logits[leaning][kept]
        return found.replaced(leaning[better], second.take(better))


def _suspected_rolls(found: FaceCandidates) -> tuple[float, ...]:
    """By which rolls, in radians, the picture should be turned back and searched again."""
    if not len(found):
        return QUARTERS + DIAGONALS
    rolls = eye_rolls(found.landmarks)
    direction = np.exp(1j * rolls) @ np.maximum(found.logits, 0.1)
    if abs(np.angle(direction)) > LEANING:
        return (float(np.angle(direction)),)
    return QUARTERS if found.logits.max() < STRONG else ()


def _agreeing(found: FaceCandidates, others: FaceCandidates) -> NDArray[np.bool_]:
    """Which of `found` (N,) are turned, by up to 60°, as the surest of `others` is."""
    roll = eye_rolls(others.landmarks)[others.logits.argmax()]
    return np.asarray(np.cos(eye_rolls(found.landmarks) - roll) > 0.5)


def _weight(found: FaceCandidates) -> float:
    """How much speaks for a picture being the right way up: the evidence of its faces."""
    return float(np.maximum(found.logits - 2, 0).sum())


def _distinct(parts: list[FaceCandidates]) -> FaceCandidates:
    every = FaceCandidates.join(parts)
    return every.take(nms_nested(every.boxes, every.logits, 0.5))


def _moved(found: FaceCandidates, warp: NDArray[np.float64]) -> FaceCandidates:
    """FaceCandidates under an affine map (2, 3); a turned box is that of the ellipse it held."""
    linear, shift = warp[:, :2], warp[:, 2]
    centre = (found.boxes[:, :2] + found.boxes[:, 2:]) / 2 @ linear.T + shift
    half = np.sqrt(((found.boxes[:, 2:] - found.boxes[:, :2]) / 2) ** 2 @ (linear**2).T)
    boxes = np.concatenate([centre - half, centre + half], 1).astype(np.float32)
    return FaceCandidates(boxes, found.logits, (found.landmarks @ linear.T + shift).astype(np.float32))
