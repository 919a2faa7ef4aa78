"""Decoded pictures to upright RGB and to thumbnails."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from regard.vision.pixels import Pixels

THUMBNAIL = 96  # pixels of the longer side
_RGB, _FULL = 0, 2  # AVCOL_SPC_RGB, AVCOL_RANGE_JPEG
_KNOWN = {1, 4, 5, 6, 7, 9}  # AVColorSpace values that swscale converts
_HD = 720  # from this height on, video that doesn't say is BT.709, as players take it
_LUMA_FIRST = re.compile(r"(yuvj?4[0-4]{2}p|nv12)([0-9]+le)?")  # formats whose first plane is luma
_STRETCH = 4  # pixels less square than this are a mistake in the file


class Geometry:
    """How decoded pictures of a stream are turned and stretched to what is displayed: `transpose` first or
    not, then flip along the axes `flips`; `width` and `height` (px) are those of what is displayed."""

    def __init__(self, first: VideoFrame, aspect: float) -> None:
        """`aspect`: width of a pixel by its height, as stored; 0 where it isn't known."""
        self.aspect = aspect
        self.transpose, self.flips = _orientation(first)
        width, height = first.width, first.height
        if 1 < aspect <= _STRETCH:
            width = round(width * aspect)
        elif 1 / _STRETCH <= aspect < 1:
            height = round(height / aspect)
        self._stored = (width, height)
        self.width, self.height = (height, width) if self.transpose else (width, height)
        # Reformatters keep their tables from one frame to the next; they are for one thread at a time.
        self._lock = threading.Lock()
        self._rgb, self._small, self._grey = VideoReformatter(), VideoReformatter(), VideoReformatter()

    def rgb(self, frame: VideoFrame) -> Pixels:
        """(height, width, 3), upright, contiguous."""
        return self._converted(self._rgb, frame, self._stored, Interpolation.BILINEAR)

    def thumbnail(self, frame: VideoFrame) -> Pixels:
        """The same with the longer side THUMBNAIL px at most."""
        scale = min(1.0, THUMBNAIL / max(self._stored))
        width, height = (max(1, round(side * scale)) for side in self._stored)
        return self._converted(self._small, frame, (width, height), Interpolation.AREA)

    def luma(self, frame: VideoFrame) -> tuple[NDArray[Any], float, float]:
        """A sample of the picture's luma as it is stored, the lowest value it can have, and their span."""
        with self._lock:
            grey = frame
            if not _LUMA_FIRST.fullmatch(frame.format.name):
                grey = self._grey.reformat(frame, format="gray", dst_color_range=_FULL, threads=1)
        plane = grey.planes[0]
        bits = grey.format.components[0].bits
        samples = np.frombuffer(memoryview(plane), np.uint8 if bits <= 8 else np.uint16)
        line = plane.line_size // samples.itemsize
        values = samples[: line * plane.height].reshape(plane.height, line)[::2, : plane.width : 2]
        scale = float(2 ** (bits - 8))
        if full_range(grey) or grey.format.name == "gray":
            return values, 0.0, 255 * scale
        return values, 16 * scale, 219 * scale

    def _converted(
        self, reformatter: VideoReformatter, frame: VideoFrame, size: tuple[int, int], how: Interpolation
    ) -> Pixels:
        with self._lock:
            converted = reformatter.reformat(
                frame, *size, "rgb24", colour_space(frame), interpolation=how, threads=1
            )
        pixels = cast(Pixels, converted.to_ndarray())
        if self.transpose:
            pixels = pixels.transpose(1, 0, 2)
        return np.ascontiguousarray(np.flip(pixels, self.flips) if self.flips else pixels)


def full_range(frame: VideoFrame) -> bool:
    """Luma from 0 to 255 rather than from 16 to 235."""
    return frame.color_range == _FULL or frame.format.name.startswith("yuvj") or frame.format.is_rgb


def colour_space(frame: VideoFrame) -> int | None:
    """The matrix by which to convert a picture; None where swscale takes the one that the picture names."""
    if frame.colorspace == _RGB or frame.colorspace in _KNOWN:
        return None
    return Colorspace.ITU709 if frame.height >= _HD else Colorspace.ITU601


def _orientation(frame: VideoFrame) -> tuple[bool, tuple[int, ...]]:
    """Transpose first or not, then flip along these axes, by the display matrix (ISO/IEC 14496-12, 6.2.2):
    x' = a x + c y, y' = b x + d y."""
    try:
        side_data = cast(Mapping[str, Any], frame.side_data)
        matrix = np.frombuffer(bytes(side_data["DISPLAYMATRIX"]), np.int32)
    except KeyError:
        return False, ()
    a, b, c, d = (int(matrix[at]) for at in (0, 1, 3, 4))
    transpose = abs(b) > abs(a)
    across, down = (c, b) if transpose else (a, d)
    return transpose, tuple(axis for axis, value in ((0, down), (1, across)) if value < 0)
