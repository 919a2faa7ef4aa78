"""Frames in order, with what is found in each: the interface, and whoever finds it in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import cv2

from regard.video.reading.frame import Frame, FrameView
from regard.video.reading.source import FrameSource
from regard.video.stretches.demand import FrameDemand, due
from regard.vision.findings import PictureFindings
from regard.vision.models import Models
from regard.vision.pixels import Pixels

_AHEAD = 2  # frames, for each thread, that are examined before their turn
_DECODED, _CONVERTED = 1.5, 3  # bytes a pixel of a waiting frame, and of its picture
_MAX_HELD = 256_000_000  # bytes of frames that wait
_STILL = 3.0  # grey levels by which no spot of a frame may change for it to count as the same
_SPOT = 6  # px of a thumbnail


@dataclass(frozen=True, slots=True)
class FoundFrame:
    """A frame with what was found in it, or in one before it that shows the same; None where nothing had to
    be."""

    frame: FrameView
    findings: PictureFindings | None


class FrameFinder(Protocol):
    """Finds in the frames of one video what analyses need of each by itself."""

    def frames(self, after: int) -> Generator[FoundFrame]:
        """The frames later than `after`, ms, in order, each when all is found in it: those that an analysis
        is due for, and every frame where one follows something. Closed by who stops early. Raises what
        decoding and finding raise.
        """
        ...


@dataclass(slots=True)
class _WaitingFrame:
    """A frame that waits for its turn."""

    frame: Frame
    findings: PictureFindings | None
    ready: Future[None] | None


class FramesHere:
    """Decodes each frame once and finds once what several analyses need of it, in `threads` threads ahead of
    its turn. Of a frame that shows the same as the one before nothing is found again, within `step` ms.
    """

    def __init__(
        self,
        video: FrameSource,
        demands: Sequence[FrameDemand],
        models: Models,
        *,
        threads: int,
        step: int,
        until: int | None = None,
    ) -> None:
        """`until`: ms, the first frame at or after which ends it."""
        self._video, self._demands, self._models = video, demands, models
        self._threads, self._step, self._until = threads, step, until
        self._still: tuple[Pixels, PictureFindings, Future[None]] | None = None

    def frames(self, after: int) -> Generator[FoundFrame]:
        waiting: deque[_WaitingFrame] = deque()
        before = after
        with ThreadPoolExecutor(self._threads, thread_name_prefix="frames") as pool:
            try:
                for frame in self._video.frames(start=after + 1):
                    if self._until is not None and frame.timestamp >= self._until:
                        break
                    if frame.timestamp // self._step > max(before, 0) // self._step:
                        self._still = None
                    waiting.append(self._begin(frame, before, pool))
                    before = frame.timestamp
                    while waiting and (waiting[0].ready is None or self._is_far_ahead(waiting)):
                        yield _found(waiting.popleft())
                while waiting:
                    yield _found(waiting.popleft())
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _begin(self, frame: Frame, before: int, pool: ThreadPoolExecutor) -> _WaitingFrame:
        wanted = [
            demand
            for number in due(self._demands, frame.timestamp, before)
            if (demand := self._demands[number]).interval
        ]
        if not wanted:
            return _WaitingFrame(frame, None, None)
        earlier: Future[None] | None = None
        kept = frame.thumbnail
        if self._still is not None and _change(frame.thumbnail, self._still[0]) <= _STILL:
            kept, findings, earlier = self._still
        else:
            findings = PictureFindings(frame.image, self._models)

        def prepare() -> None:
            if earlier is not None:
                earlier.result()  # one thread at a time; it was begun before this was
            for demand in wanted:
                demand.find(findings)

        ready = pool.submit(prepare)
        self._still = kept, findings, ready
        return _WaitingFrame(frame, findings, ready)

    def _is_far_ahead(self, waiting: Sequence[_WaitingFrame]) -> bool:
        """Whether enough frames wait: for all threads to be busy, or for the memory that they take."""
        prepared = sum(one.ready is not None for one in waiting)
        pixels = self._video.facts.width * self._video.facts.height
        held = pixels * (_DECODED * len(waiting) + _CONVERTED * prepared)
        return prepared > _AHEAD * self._threads or held > _MAX_HELD


def _found(one: _WaitingFrame) -> FoundFrame:
    if one.ready is not None:
        one.ready.result()
    return FoundFrame(one.frame, one.findings)


def _change(thumbnail: Pixels, other: Pixels) -> float:
    """By how many grey levels two frames differ, on average over the spot where they differ most."""
    change = cv2.absdiff(thumbnail, other)
    height, width = change.shape[:2]
    spots = cv2.resize(
        change, (max(1, width // _SPOT), max(1, height // _SPOT)), interpolation=cv2.INTER_AREA
    )
    return float(spots.max())
