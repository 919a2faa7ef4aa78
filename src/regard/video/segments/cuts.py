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
_MEMORY = 0.2  # of a change's weight among those before


class CutWatch:
    """Frame by frame: whether a new shot begins with this one."""

    def __init__(self) -> None:
        self._last: Pixels | None = None
        self._usual = 0.0

    def add(self, thumbnail: Pixels) -> bool:
        """`thumbnail` (H, W, 3) of the next frame."""
        now, before = signature(thumbnail), self._last
        self._last = now
        if before is None:
            return False
        change = float(cv2.norm(now, before, cv2.NORM_L1)) / now.size
        cut = change > max(_MIN_CHANGE, _TIMES * self._usual)
        if not cut:
            self._usual += _MEMORY * (change - self._usual)
        return cut

    def state(self) -> dict[str, Any]:
        """All it knows, for JSON."""
        last = None if self._last is None else b64encode(self._last.tobytes()).decode("ascii")
        return {"last": last, "usual": self._usual}

    @classmethod
    def restore(cls, state: Mapping[str, Any]) -> CutWatch:
        watch = cls()
        watch._usual = float(state["usual"])
        if state["last"] is not None:
            pixels = np.frombuffer(b64decode(state["last"]), np.uint8)
            watch._last = pixels.reshape(GREY_HEIGHT, GREY_WIDTH, 3)
        return watch
