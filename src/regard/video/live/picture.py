"""A decoded picture as it goes through a pipe: in YUV 4:2:0, turned into upright RGB when it is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self, cast

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from regard.video.reading.picture import Geometry, colour_space, full_range
from regard.vision.pixels import Pixels

_FORMAT = "yuv420p"
_FULL, _LIMITED = 2, 1  # AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG
_COLOURS = {_FORMAT, "yuvj420p"}  # pictures in these are taken as they are


@dataclass(frozen=True, slots=True)
class PictureI420:
    """`planes`: Y, U and V behind one another, rows without padding, of `stored` (width, height) px, U and V
    at half of both, rounded up. `width`, `height`: px, upright, as displayed. `transpose`, then `flips`
    (axes) turn the stored picture upright. `matrix`: FFmpeg's AVColorSpace, None where it isn't said."""

    planes: bytes
    stored: tuple[int, int]
    width: int
    height: int
    transpose: bool
    flips: tuple[int, ...]
    matrix: int | None
    is_full_range: bool

    @classmethod
    def of(cls, frame: VideoFrame, geometry: Geometry) -> Self:
        """A copy of what FFmpeg decoded, which is shown as `geometry` says."""
        is_full = full_range(frame)
        matrix = colour_space(frame) or int(frame.colorspace)
        planar = frame
        if frame.format.name not in _COLOURS:
            planar = frame.reformat(format=_FORMAT, dst_color_range=_FULL if is_full else _LIMITED, threads=1)
        planes = b"".join(_rows(plane).tobytes() for plane in planar.planes)
        size = (frame.width, frame.height)
        return cls(
            planes,
            size,
            geometry.width,
            geometry.height,
            geometry.transpose,
            geometry.flips,
            matrix,
            is_full,
        )

    def pixels(self) -> Pixels:
        """(height, width, 3), uint8, RGB, upright, contiguous; converted each time."""
        frame = VideoFrame(*self.stored, _FORMAT)
        at = 0
        for plane in frame.planes:
            rows = _rows(plane)
            rows[:] = np.frombuffer(self.planes, np.uint8, rows.size, at).reshape(rows.shape)
            at += rows.size
        frame.color_range = _FULL if self.is_full_range else _LIMITED
        size = (self.height, self.width) if self.transpose else (self.width, self.height)
        converted = frame.reformat(
            *size, "rgb24", self.matrix, interpolation=Interpolation.BILINEAR, threads=1
        ).to_ndarray()
        return cast(Pixels, np.ascontiguousarray(_turned(converted, self.transpose, self.flips)))


def small_luma(frame: VideoFrame, geometry: Geometry, longer: int) -> NDArray[np.uint8]:
    """Upright grey levels, (height, width), the longer side `longer` px at most; those of a stored picture
    whose luma isn't a plane of its own are made first."""
    grey = frame if frame.format.name in _COLOURS else frame.reformat(format="gray", threads=1)
    scale = min(1.0, longer / max(geometry.width, geometry.height))
    width, height = (max(1, round(side * scale)) for side in (geometry.width, geometry.height))
    size = (height, width) if geometry.transpose else (width, height)
    small = cv2.resize(_rows(grey.planes[0]), size, interpolation=cv2.INTER_AREA)
    return cast(NDArray[np.uint8], np.ascontiguousarray(_turned(small, geometry.transpose, geometry.flips)))


def _rows(plane: VideoPlane) -> NDArray[np.uint8]:
    """A plane's samples, (height, width), as they lie in memory."""
    samples = np.frombuffer(cast(Any, memoryview(plane)), np.uint8)
    return samples[: plane.line_size * plane.height].reshape(plane.height, plane.line_size)[:, : plane.width]


def _turned(pixels: NDArray[Any], transpose: bool, flips: tuple[int, ...]) -> NDArray[Any]:
    if transpose:
        pixels = pixels.swapaxes(0, 1)
    return np.flip(pixels, flips) if flips else pixels
