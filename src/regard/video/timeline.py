"""Numbers and times of frames: the same whether a video is read from its beginning or from the middle."""

from __future__ import annotations

import heapq
from array import array
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from regard.video.container import Opened

# Where a packet is one picture, so that pictures can be counted without decoding them.
_COUNTED_FORMATS = {"mov", "matroska"}
_COUNTED_CODECS = {"h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg", "prores", "dnxhd"}


@dataclass(frozen=True, slots=True)
class Clock:
    """How a stream counts time: its first frame's timestamp (None where it has none), its unit in seconds,
    frames a second, and whether each of its packets is one picture."""

    first: int | None
    unit: Fraction
    rate: Fraction
    counted: bool

    @classmethod
    def of(cls, opened: Opened, first: VideoFrame, rate: Fraction) -> Clock:
        stream = opened.stream
        counted = (
            first.pts is not None
            and not first.interlaced_frame  # its fields may be packets of their own
            and bool(_COUNTED_FORMATS & set(opened.container.format.name.split(",")))
            and stream.codec_context.name in _COUNTED_CODECS
        )
        return cls(first.pts, stream.time_base or 1 / rate, rate, counted)

    def milliseconds(self, ticks: int) -> int:
        """From the first frame, rounded down."""
        return int(ticks * self.unit * 1000)

    @property
    def frame(self) -> int:
        """Ticks from one frame to the next, at least one."""
        return max(1, round(1 / (self.rate * self.unit)))


class Timeline:
    """Numbers frames as they are decoded.

    Where packets are counted, a frame's number is how many pictures are shown before it, so that a picture
    that can't be decoded leaves a gap. Elsewhere it is how many frames were decoded before it, and one whose
    timestamp is missing, or goes back, follows the last by a frame's time.
    """

    def __init__(self, clock: Clock, *, begins: int | None = None, before: int = 0) -> None:
        """`begins`: timestamp of the first frame that is read; `before`: pictures shown before it."""
        self._clock = clock
        self._begins = clock.first if begins is None else begins
        self._waiting: list[int] = []  # timestamps of packets that were read, of pictures not yet shown
        self._number = before - 1
        self._last: int | None = None  # ticks from the first frame
        self._shift = 0

    def read(self, timestamp: int | None) -> None:
        """A packet that will be a picture was read."""
        if timestamp is not None and self._begins is not None and timestamp >= self._begins:
            heapq.heappush(self._waiting, timestamp)

    def place(self, timestamp: int | None) -> tuple[int, int] | None:
        """Number and milliseconds of a decoded frame; None for one that was there before."""
        return self._by_packets(timestamp) if self._clock.counted else self._by_frames(timestamp)

    def _by_packets(self, timestamp: int | None) -> tuple[int, int] | None:
        first = self._clock.first
        if timestamp is None or first is None or (self._last is not None and timestamp <= self._last):
            return None
        while self._waiting and self._waiting[0] < timestamp:
            shown = heapq.heappop(self._waiting)
            if self._last is None or shown > self._last:
                self._number += 1
                self._last = shown
        self._number += 1
        self._last = timestamp
        return self._number, self._clock.milliseconds(timestamp - first)

    def _by_frames(self, timestamp: int | None) -> tuple[int, int]:
        first, frame = self._clock.first, self._clock.frame
        following = 0 if self._last is None else self._last + frame
        if timestamp is None or first is None:
            ticks = following
        else:
            ticks = timestamp - first + self._shift
            if self._last is not None and ticks <= self._last:
                self._shift += following - ticks
                ticks = following
        self._number += 1
        self._last = ticks
        return self._number, self._clock.milliseconds(ticks)


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture from which decoding can begin: its timestamp, that of its decoding, pictures shown before."""

    shown: int
    decoded: int
    before: int


def entries(opened: Opened, clock: Clock, start: int) -> tuple[NDArray[np.int64], list[Entry]]:
    """The timestamps (N,) of the pictures up to `start` (ms), in order, and the key pictures among them.

    Reads packets and decodes none. Empty where packets can't be counted.
    """
    if not clock.counted or clock.first is None:
        return np.empty(0, np.int64), []
    shown = array("q")
    keys: list[tuple[int, int]] = []
    for packet in opened.packets():
        if packet is None or not packet.size or packet.is_discard:
            continue
        if packet.pts is None or packet.dts is None:
            return np.empty(0, np.int64), []
        if clock.milliseconds(packet.dts - clock.first) > start:
            break
        if packet.pts >= clock.first:
            shown.append(packet.pts)
            if packet.is_keyframe and clock.milliseconds(packet.pts - clock.first) <= start:
                keys.append((packet.pts, packet.dts))
    ordered = np.unique(np.frombuffer(shown, np.int64))
    return ordered, [Entry(pts, dts, int(np.searchsorted(ordered, pts))) for pts, dts in sorted(keys)]
