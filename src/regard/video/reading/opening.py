"""Any binary file as a source of frames."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from regard.video.reading.limits import VideoLimits
from regard.video.reading.piped_video import PipedVideo
from regard.video.reading.source import FrameSource
from regard.video.reading.stored_video import StoredVideo


def open_source(
    source: Path | BinaryIO, *, limits: VideoLimits | None = None, threads: int = 1
) -> FrameSource:
    """The video in a file, or in a binary file that stays the caller's: one that can't be sought is read as
    it comes. Raises what `StoredVideo.open` and `PipedVideo.open` raise."""
    if isinstance(source, Path) or source.seekable():
        return StoredVideo.open(source, limits=limits, threads=threads)
    return PipedVideo.open(source, limits=limits, threads=threads)
