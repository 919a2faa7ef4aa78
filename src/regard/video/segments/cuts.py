"""Hard cuts as they come, for those who follow something from frame to frame.

`shots` tells shots better, but seconds later.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from regard.video.segments.likeness import GREY_HEIGHT, GREY_WIDTH, signature
from regard.vision.pixels import Pixels

_MIN_CHANGE = 14.0  # grey levels, mean of all pixels: less is motion, however sudden
_TIMES = 3.5  # as large as the changes before
_ABOVE = 25.0  # grey levels beyond those: no two shots differ by 3.5 times what a fast pan changes
_SAME = 1.0  # grey levels: less shows the frame before again
_REPEATED = 2  # times that a camera of 10 frames a second repeats each in a film of 30; more is a still scene
_MEMORY = 0.2  # of a change's weight among those before


class CutWatch:
    """Frame by frame: whether a new shot begins with this one.

    A shot has two frames at least. So what changes as much right after a cut is motion, in a pan or at few
    frames a second, and from then on usual; else each of its frames would begin a shot. A frame that is shown
    again is none of the two, nor says it what is usual.
    """

    def __init__(self) -> None:
        self._last: Pixels | None = None
        self._usual = 0.0
        self._begun = False  # a shot, with the last frame
        self._repeats = 0  # of the last frame

    def add(self, thumbnail: Pixels) -> bool:
        """`thumbnail` (H, W, 3) of the next frame."""
        now, before = signature(thumbnail), self._last
        self._last = now
        if before is None:
            return False
        change = float(cv2.norm(now, before, cv2.NORM_L1)) / now.size
        if change < _SAME and self._repeats < _REPEATED:
            self._repeats += 1
            return False
        if change >= _SAME:
            self._repeats = 0
        sudden = change > max(_MIN_CHANGE, min(_TIMES * self._usual, self._usual + _ABOVE))
        cut = sudden and not self._begun
        if not cut:
            self._usual = change if sudden else self._usual + _MEMORY * (change - self._usual)
        self._begun = cut
        return cut

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON."""
        last = None if self._last is None else b64encode(self._last.tobytes()).decode("ascii")
        return {"last": last, "usual": self._usual, "begun": self._begun, "repeats": self._repeats}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> CutWatch:
        watch = cls()
        watch._usual = float(state["usual"])
        watch._begun = bool(state.get("begun"))  # which jobs of an earlier version don't know
        watch._repeats = int(state.get("repeats", 0))
        if state["last"] is not None:
            pixels = np.frombuffer(b64decode(state["last"]), np.uint8)
            watch._last = pixels.reshape(GREY_HEIGHT, GREY_WIDTH, 3)
        return watch
