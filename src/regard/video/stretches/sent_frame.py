"""Frames that were decoded on another machine, as they stand in for those of this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from regard.video.reading.frame import Frame
from regard.vision.image import Image, UnreadImage
from regard.vision.pixels import Pixels

Read = Callable[[int], Frame]
"""The frame at a timestamp, ms, read from the film by this process: what a machine didn't send costs that."""


class SentFrame:
    """A frame of which number and time are known, a thumbnail (or its signature, where only cuts are told by
    it), and how black it is by some thresholds."""

    def __init__(
        self,
        number: int,
        timestamp: int,
        size: tuple[int, int],
        thumbnail: NDArray[Any] | None,
        shares: Mapping[float, float],
        read: Read,
    ) -> None:
        """`size`: width and height of its picture, px. `shares`: what `black` answers, by threshold."""
        self.number, self.timestamp = number, timestamp
        self._size, self._sent, self._shares, self._read = size, thumbnail, shares, read

    @cached_property
    def _own(self) -> Frame:
        return self._read(self.timestamp)

    @cached_property
    def image(self) -> Image:
        return UnreadImage(*self._size, lambda: self._own.image)

    @property
    def thumbnail(self) -> Pixels:
        return self._own.thumbnail if self._sent is None else self._sent

    def black(self, threshold: float) -> float:
        share = self._shares.get(threshold)
        return self._own.black(threshold) if share is None else share
