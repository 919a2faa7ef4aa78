"""Which part of a live picture is examined: where something moved, and where somebody is followed."""

from __future__ import annotations

from collections.abc import Sequence

from regard.vision.geometry import Box

_MARGIN = 96.0  # px around what moved: a face reaches beyond what differs from the picture before
_NEARLY_ALL = 0.8  # share of the picture from which all of it is examined
_RECENT = 2_000  # ms for which a place where something moved is examined


class Attention:
    """Where to search the pictures of one source. Times in ms, which rise; boxes in px."""

    def __init__(self) -> None:
        self._moved: list[tuple[int, Box]] = []

    def region(
        self, at: int, moved: Sequence[Box] | None, followed: Sequence[Box], width: int, height: int
    ) -> Box | None:
        """The part of a picture of `width` × `height` px to examine, in whole pixels; None for nothing.

        `moved` are the places where something moved, None where all of the picture is to be examined;
        `followed` those where somebody is followed. A box around all of them is searched, in one go.
        """
        whole = Box(0.0, 0.0, float(width), float(height))
        if moved is None:
            return whole
        self._moved = [(then, box) for then, box in self._moved if at - then <= _RECENT]
        self._moved += [(at, box) for box in moved]
        places = [*(box for _, box in self._moved), *followed]
        if not places:
            return None
        region = Box.between(
            float(int(min(box.left for box in places) - _MARGIN)),
            float(int(min(box.top for box in places) - _MARGIN)),
            float(int(max(box.right for box in places) + _MARGIN)),
            float(int(max(box.bottom for box in places) + _MARGIN)),
        ).clipped(whole.width, whole.height)
        if region.area >= _NEARLY_ALL * whole.area:
            return whole
        return region if region.area > 0 else None
