"""What makes a video unusable, and how large one may be."""

from __future__ import annotations

from dataclasses import dataclass


class VideoError(ValueError):
    """The video can't be used; the message is one sentence for the caller."""


class VideoTooLarge(VideoError):
    """The file, its duration or its frames are over the limit."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """`size` in bytes, `minutes` of duration, `pixels` of a frame as displayed."""

    size: int = 10 * 1024**3
    minutes: int = 6 * 60
    pixels: int = 8192 * 4320
