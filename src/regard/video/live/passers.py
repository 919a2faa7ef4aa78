"""How many faces pass a camera, by where they are alone: nobody is recognised."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from regard.video.following import motion
from regard.video.following.tracks import PERSONS, Tracker

_PACE: Final = 4.5  # heights a second: a face is 22 cm high, and walks at up to 1.4 m/s across the picture
_PAIR: Final = -2.0  # evidence, of a face that may have gone further than usual: nothing else tells who it is
_SETTINGS: Final = replace(
    PERSONS, motion=replace(motion.FACES, pace=_PACE), sure=0.6, min_score=0.3, enough=0.8, pair=_PAIR
)


class PasserCount:
    """The faces that have passed one source so far.

    Somebody who is hidden for longer than motion is a guide, and comes back, counts again; who follows
    closely behind somebody else who leaves may not.
    """

    def __init__(self) -> None:
        self._tracker = Tracker(_SETTINGS)
        self.passed = 0
        """How many there were."""

    def observe(self, at: int, boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        """The faces of a picture at a time, ms, later than the last: `boxes` (N, 4) are left, top, right and
        bottom in px, `scores` (N,) the probabilities, 0 to 1, that they are faces.
        """
        ids = self._tracker.update(at, boxes, scores)
        self.passed = max([self.passed, *(number + 1 for number in ids.tolist())])
