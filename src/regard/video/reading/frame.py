"""One frame of a video."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from av.video.frame import VideoFrame

from regard.video.reading.picture import Geometry
from regard.vision.image import Image
from regard.vision.pixels import Pixels


class FrameView(Protocol):
    """What analyses see of a frame, wherever it was decoded; as `Frame` has it."""

    @property
    def number(self) -> int: ...

    @property
    def timestamp(self) -> int: ...

    @property
    def image(self) -> Image: ...

    @property
    def thumbnail(self) -> Pixels: ...

    def black(self, threshold: float) -> float: ...


class Frame:
    """One frame. `number` counts from 0 in the order of presentation; `timestamp` is ms from the first frame,
    rounded down."""

    __slots__ = ("_decoded", "_geometry", "_image", "_thumbnail", "number", "timestamp")

    def __init__(self, number: int, timestamp: int, decoded: VideoFrame, geometry: Geometry) -> None:
        self.number = number
        self.timestamp = timestamp
        self._decoded = decoded
        self._geometry = geometry
        self._image: Image | None = None
        self._thumbnail: Pixels | None = None

    @property
    def decoded(self) -> VideoFrame:
        """As FFmpeg gave it: in its own colours, not turned, with the timestamp that the file has."""
        return self._decoded

    @property
    def image(self) -> Image:
        """Upright RGB as large as the video's facts say, converted when first asked for.

        There are no encoded bytes of it, so its digest is empty.
        """
        if self._image is None:
            self._image = Image(self._geometry.rgb(self._decoded), "")
        return self._image

    @property
    def thumbnail(self) -> Pixels:
        """(height, width, 3), uint8, RGB, upright; the longer side 96 px at most."""
        if self._thumbnail is None:
            self._thumbnail = self._geometry.thumbnail(self._decoded)
        return self._thumbnail

    def black(self, threshold: float) -> float:
        """The share of pixels (every second of every second row) whose luma, as it is stored, is at most
        `threshold` of its span above its lowest value; 0 to 1."""
        values, lowest, span = self._geometry.luma(self._decoded)
        return float(np.count_nonzero(values <= lowest + threshold * span) / values.size)
