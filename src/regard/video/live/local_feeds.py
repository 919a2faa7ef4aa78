"""Live sources of this machine: files at their own pace, and cameras on it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import cv2
from av.video.frame import VideoFrame

from regard.video.live.address import SourceAddress
from regard.video.live.failures import FailureCause, SourceFailed
from regard.video.live.feeds import Alive, Feed, FeedFacts, TimedPicture, decoded, stamped
from regard.video.live.folders import AllowedFolders
from regard.video.reading.limits import VideoError
from regard.video.reading.stored_video import StoredVideo
from regard.vision.pixels import Pixels

_PAUSE = 1.0  # s after which somebody who waits for the next picture's time says that all is well
_SECOND = 1000


class FileFeed(Feed):
    """A stored video whose pictures come at its own pace, once or for ever."""

    def __init__(self, path: Path, *, loops: bool) -> None:
        """Raises SourceFailed, for good where what is there is no video."""
        if not path.exists():
            raise SourceFailed("There is no such file.", FailureCause.ABSENT)
        try:
            self._video = StoredVideo.open(path)
        except VideoError as error:
            raise SourceFailed(str(error), FailureCause.FINAL) from None
        self._loops = loops
        facts = self._video.facts
        self.facts = FeedFacts(facts.codec, facts.frame_rate, self._video.pixel_aspect, bursts=True)

    def pictures(self, alive: Alive) -> Iterator[TimedPicture]:
        begin, base = time.monotonic(), 0.0
        while True:
            media = base
            for frame in self._video.frames():
                media = base + frame.timestamp / _SECOND
                _wait_for(begin + media, alive)
                is_key = bool(frame.decoded.key_frame)
                yield decoded(frame.decoded, stamped(media, is_key=is_key))
            if not self._loops:
                return
            base = media + 1 / self._video.facts.frame_rate

    def close(self) -> None:
        self._video.close()


def _wait_for(moment: float, alive: Alive) -> None:
    """Until then by the monotonic clock."""
    while True:
        alive()
        wait = moment - time.monotonic()
        if wait <= 0:
            return
        time.sleep(min(wait, _PAUSE))


class DeviceFeed(Feed):
    """A camera of this machine, read by Video4Linux. Its pictures are timed by their arrival."""

    def __init__(self, path: str) -> None:
        """Raises SourceFailed."""
        if not Path(path).exists():
            raise SourceFailed("There is no such device.", FailureCause.ABSENT)
        self._camera = cv2.VideoCapture(path, cv2.CAP_V4L2)
        if not self._camera.isOpened():
            raise SourceFailed("The device can't be opened: something else may be using it.")
        rate = float(self._camera.get(cv2.CAP_PROP_FPS))
        self.facts = FeedFacts("v4l2", rate if rate > 0 else None, 0.0, bursts=False)

    def pictures(self, alive: Alive) -> Iterator[TimedPicture]:
        while True:
            if not self._camera.grab():
                raise SourceFailed("The device sends no more pictures.")
            alive()
            yield TimedPicture(self._decoded, stamped(None, is_key=True))

    def _decoded(self) -> VideoFrame | None:
        there, pixels = self._camera.retrieve()
        return VideoFrame.from_ndarray(cast(Pixels, pixels), format="bgr24") if there else None

    def close(self) -> None:
        self._camera.release()


def open_file(address: SourceAddress, folders: AllowedFolders) -> Feed:
    """Raises SourceRefused and SourceFailed."""
    return FileFeed(folders.check(address.path), loops=address.loops)
