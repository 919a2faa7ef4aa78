"""How many faces pass a camera, by where they are from picture to picture: nobody is recognised."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regard.video.following.tracks import Tracker, TrackerSettings


class PasserCount:
    """The faces that have passed one source so far, as a tracker of these settings follows them.

    Somebody who is hidden for longer than motion is a guide, and comes back, counts again.
    """

    def __init__(self, settings: TrackerSettings) -> None:
        self._tracker = Tracker(settings)
        self.passed = 0
        """How many there were."""

    def observe(self, at: int, boxes: NDArray[np.float64], scores: NDArray[np.float64]) -> None:
        """The faces of a picture at a time, ms, later than the last: `boxes` (N, 4) are left, top, right and
        bottom in px, `scores` (N,) the probabilities, 0 to 1, that they are faces.
        """
        ids = self._tracker.update(at, boxes, scores)
        self.passed = max([self.passed, *(number + 1 for number in ids.tolist())])
