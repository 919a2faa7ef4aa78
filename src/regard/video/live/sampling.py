"""Which pictures of a live source are samples, and which of these is given next."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

from av.video.frame import VideoFrame

from regard.video.live.clock import LiveClock, Moment
from regard.video.live.feeds import TimedPicture
from regard.video.live.motion import LONGER, MotionGate
from regard.video.live.picture import PictureI420, small_luma
from regard.video.live.samples import LiveSample
from regard.video.reading.picture import Geometry
from regard.vision.geometry import Box

_BURST = 5000  # ms of samples that are kept where a source comes in bursts
_MEMORY = 96_000_000  # bytes of pictures that are kept
_STILL = 2000  # ms without motion
_WHOLE = 10_000  # ms after which all of a picture is to be examined once more


@dataclass(frozen=True, slots=True)
class _Due:
    """A sample that wasn't asked for yet. `moved`: None where that can't be told."""

    moment: Moment
    frame: VideoFrame
    geometry: Geometry
    moved: tuple[Box, ...] | None


class Sampler:
    """Takes every picture as it comes, in one thread, and gives samples in another."""

    def __init__(self, clock: LiveClock, *, rate: float, bursts: bool, aspect: float = 0.0) -> None:
        """`rate`: samples a second. `aspect`: width of a pixel by its height, 0 where it isn't known."""
        self._clock, self._interval, self._aspect = clock, 1000 / rate, aspect
        self._kept = _BURST if bursts else 0
        self._room = max(1, int(_BURST / self._interval) - 1)
        self._geometry: tuple[tuple[int, int], Geometry] | None = None
        self._gate = MotionGate()
        self._next: float | None = None
        self._due: deque[_Due] = deque()
        self._changed = threading.Condition()
        self._moved_at: int | None = None
        self._moved: tuple[Box, ...] = ()
        self._whole_at: int | None = None  # None: all of the next sample is to be examined

    def add(self, picture: TimedPicture) -> Geometry | None:
        """The next picture. It is decoded, and answered how it is shown, where it is a sample."""
        moment = self._clock.place(picture.stamp)
        if self._next is not None and moment.at < self._next:
            return None
        frame = picture.decode()
        if frame is None:
            return None
        late = self._next is None or moment.at >= self._next + self._interval
        self._next = (moment.at if late or self._next is None else self._next) + self._interval
        geometry = self._shown(frame)
        luma = small_luma(frame, geometry, LONGER)
        moved = self._gate.observe(moment.at, luma, geometry.width, geometry.height)
        with self._changed:
            self._due.append(_Due(moment, frame, geometry, moved))
            self._forget(moment.at, frame)
            self._changed.notify_all()
        return geometry

    def take(self, timeout: float) -> LiveSample | None:
        """The next sample, which is then gone; None where there is none within `timeout` s."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._due, timeout):
                return None
            due = self._due.popleft()
            self._changed.notify_all()
        moved, is_still = self._attention(due)
        moment = due.moment
        return LiveSample(
            moment.at,
            moment.arrived,
            moment.produced,
            moment.fragment.number,
            moment.fragment.produced,
            moment.fragment.arrived,
            moment.offset,
            PictureI420.of(due.frame, due.geometry),
            moved,
            is_still,
            gap=False,
        )

    def _shown(self, frame: VideoFrame) -> Geometry:
        """How pictures of that size are shown. It isn't asked of each: what PyAV gives a frame's side data as
        refers to the frame and back, so that pictures would lie in memory until the next garbage collection.
        """
        known = self._geometry
        if known is None or known[0] != (frame.width, frame.height):
            known = self._geometry = (frame.width, frame.height), Geometry(frame, self._aspect)
        return known[1]

    def has_room(self, timeout: float) -> bool:
        """Whether there is room for another sample, within `timeout` s: none has to be dropped."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._due) < self._room, timeout)

    def drain(self, timeout: float) -> None:
        """Waits until every sample was taken, for `timeout` s."""
        with self._changed:
            self._changed.wait_for(lambda: not self._due, timeout)

    def _forget(self, at: int, frame: VideoFrame) -> None:
        """Drops the oldest. What was seen of motion in those goes on to the next."""
        number = max(1, _MEMORY // max(1, frame.width * frame.height * 3 // 2))
        while len(self._due) > 1 and (self._due[0].moment.at < at - self._kept or len(self._due) > number):
            self._notice(self._due.popleft())

    def _notice(self, due: _Due) -> None:
        if due.moved is None:
            self._whole_at = None
        elif due.moved:
            self._moved_at, self._moved = due.moment.at, due.moved

    def _attention(self, due: _Due) -> tuple[tuple[Box, ...] | None, bool]:
        """Where a sample is to be examined, and whether it is still."""
        at = due.moment.at
        with self._changed:
            self._notice(due)
            if self._whole_at is None or at - self._whole_at >= _WHOLE:
                self._whole_at = at
                return None, False
            if self._moved_at is None or at - self._moved_at > _STILL:
                return (), True
            return self._moved, False
