"""A stored video: what is in it, and its frames one after the other."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from av.container import InputContainer
from av.video.frame import VideoFrame
from numpy.typing import NDArray

from regard.video.container import (
    Opened,
    SharedFile,
    VideoError,
    VideoLimits,
    VideoTooLarge,
    opened,
)
from regard.video.handover import Handover
from regard.video.picture import Geometry, full_range
from regard.video.timeline import Clock, Entry, Timeline, entries
from regard.vision.image import Image
from regard.vision.pixels import Pixels

__all__ = ["AudioFacts", "Frame", "Video", "VideoError", "VideoFacts", "VideoLimits", "VideoTooLarge"]

_AHEAD_BYTES, _AHEAD_FRAMES = 64_000_000, 32  # decoded and waiting
_FASTEST = 1000  # frames a second that are believed


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """`codec` by FFmpeg's short name, `container` by its long one ("QuickTime / MOV"); `duration` in ms as
    the file states it; `frame_rate` in frames a second, the mean where it varies; `width` and `height` in px,
    upright, as displayed; `colour_range` "FULL" or "LIMITED"."""

    codec: str
    container: str
    duration: int
    frame_rate: float
    width: int
    height: int
    colour_range: str


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """One audio stream: `duration` in ms, `sample_rate` in Hz."""

    codec: str
    duration: int
    sample_rate: int
    channels: int


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
        `threshold` of its span above its least value; 0 to 1."""
        values, least, span = self._geometry.luma(self._decoded)
        return float(np.count_nonzero(values <= least + threshold * span) / values.size)


class Video:
    """A stored video. A context manager; `close` stops every reading that is under way.

    Memory is bounded whatever the video's length: packets are read one by one, and few frames are decoded
    before they are taken.
    """

    facts: VideoFacts
    audio: tuple[AudioFacts, ...]

    def __init__(self, file: SharedFile, limits: VideoLimits, threads: int) -> None:
        self._file, self._limits, self._threads = file, limits, threads
        self._readings: weakref.WeakSet[Handover[Any]] = weakref.WeakSet()
        self._closed = False
        if file.size > limits.size:
            raise VideoTooLarge(f"The video has {file.size} bytes; {limits.size} is the most.")
        with opened(file, limits, threads=threads) as source:
            # Before anything is decoded: a header may already say that it is too much.
            _admit(source.stream.width, source.stream.height, _duration(source), limits)
            first = next((frame for _, frame in source.pictures()), None)
            if first is None:
                raise VideoError("No frame of the video can be decoded: it is damaged or incomplete.")
            rate = _rate(source)
            self._clock = Clock.of(source, first, rate)
            self._geometry = Geometry(first, float(source.stream.sample_aspect_ratio or 0))
            width, height = self._geometry.width, self._geometry.height
            stated = _duration(source)
            codec, name = source.stream.codec_context.name, source.container.format.long_name
            colours = "FULL" if full_range(first) else "LIMITED"
            self._frame_bytes = max(1, sum(plane.buffer_size for plane in first.planes))
            self.audio = _audio(source.container)
        duration = self._measured() if stated is None else stated
        _admit(width, height, duration, limits)
        self.facts = VideoFacts(codec, name, duration, float(rate), width, height, colours)

    @classmethod
    def open(cls, source: Path | BinaryIO, *, limits: VideoLimits | None = None, threads: int = 1) -> Video:
        """The video in a file, or in a seekable binary file that stays the caller's.

        `threads`: that decode. Raises VideoError for what is no video, has no frame that can be decoded or,
        as VideoTooLarge, is over the limits; and what reading `source` raises.
        """
        file = SharedFile(source)
        try:
            return cls(file, limits or VideoLimits(), threads)
        except BaseException:
            file.close()
            raise

    def frames(self, *, start: int = 0) -> Iterator[Frame]:
        """Every frame from the first whose timestamp is at least `start` (ms), with the number and timestamp
        that it has when the video is read from its beginning.

        They are decoded in a thread of their own, which ends with the iterator. What can't be decoded is left
        out. Raises VideoTooLarge where the video turns out longer than the limit, and what reading the
        source raises.
        """
        if self._closed:
            raise ValueError("the video is closed")
        ahead = max(2, min(_AHEAD_FRAMES, _AHEAD_BYTES // self._frame_bytes))
        reading = Handover(lambda: self._decode(start), ahead=ahead, name="video-decoder")
        self._readings.add(reading)
        try:
            for number, timestamp, decoded in reading:
                yield Frame(number, timestamp, decoded, self._geometry)
        finally:
            reading.close()

    def close(self) -> None:
        self._closed = True
        for reading in list(self._readings):
            reading.close()
        self._file.close()

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _decode(self, start: int) -> Generator[tuple[int, int, VideoFrame], None, None]:
        most = self._limits.minutes * 60_000
        for number, timestamp, decoded in self._placed(start):
            if timestamp > most:
                raise VideoTooLarge(f"The video is longer than {self._limits.minutes} minutes.")
            if timestamp >= start:
                yield number, timestamp, decoded

    def _placed(self, start: int) -> Generator[tuple[int, int, VideoFrame], None, None]:
        """Frames from some place before `start`: a key picture if one can be found, else the beginning."""
        if start > 0:
            with opened(self._file, self._limits, threads=self._threads) as source:
                shown, keys = entries(source, self._clock, start)
            if keys and keys[-1].before > 0:
                with opened(self._file, self._limits, threads=self._threads) as source:
                    placed = self._from(source, keys[-1], shown)
                    if placed is not None:
                        yield from placed
                        return
        with opened(self._file, self._limits, threads=self._threads) as source:
            yield from self._numbered(source.pictures(), Timeline(self._clock))

    def _from(
        self, source: Opened, key: Entry, shown: NDArray[np.int64]
    ) -> Generator[tuple[int, int, VideoFrame], None, None] | None:
        """Frames from `key` on; None where the demuxer or the decoder gets going only after it."""
        source.container.seek(key.decoded, stream=source.stream)
        pictures = source.pictures()
        packets, first = next(pictures, ([], None))
        if first is None or first.pts is None or first.pts > key.shown:
            return None
        timeline = Timeline(self._clock, begins=first.pts, before=int(np.searchsorted(shown, first.pts)))

        def all_of_them() -> Iterator[tuple[list[Any], VideoFrame]]:
            yield packets, first
            yield from pictures

        return self._numbered(all_of_them(), timeline)

    @staticmethod
    def _numbered(
        pictures: Iterator[tuple[list[Any], VideoFrame]], timeline: Timeline
    ) -> Generator[tuple[int, int, VideoFrame], None, None]:
        for packets, decoded in pictures:
            for packet in packets:
                if not packet.is_discard:
                    timeline.read(packet.pts)
            place = timeline.place(decoded.pts)
            if place is not None:
                yield *place, decoded

    def _measured(self) -> int:
        """The duration (ms) of a video whose file doesn't state it, by its packets."""
        begin, end, count = self._clock.first or 0, 0, 0
        with opened(self._file, self._limits, threads=self._threads) as source:
            for packet in source.packets():
                if packet is None or not packet.size:
                    continue
                count += 1
                if packet.pts is not None:
                    end = max(end, packet.pts + (packet.duration or self._clock.frame) - begin)
        return self._clock.milliseconds(end) or int(1000 * count / self._clock.rate)


def _admit(width: int, height: int, duration: int | None, limits: VideoLimits) -> None:
    if width * height > limits.pixels:
        raise VideoTooLarge(f"The video's frames are {width} × {height}; {limits.pixels} pixels is the most.")
    if duration is not None and duration > limits.minutes * 60_000:
        raise VideoTooLarge(f"The video is longer than {limits.minutes} minutes.")


def _duration(source: Opened) -> int | None:
    """Milliseconds as the file states them."""
    stream, container = source.stream, source.container
    if stream.duration is not None and stream.duration > 0 and stream.time_base:
        return int(stream.duration * stream.time_base * 1000)
    if container.duration is not None and container.duration > 0 and _timed(container):
        return container.duration // 1000
    return None


def _timed(container: InputContainer) -> bool:
    """Whether the container knows its duration; of bare streams FFmpeg guesses it from the bit rate."""
    return not {"h264", "hevc", "mpegvideo", "m4v"} & set(container.format.name.split(","))


def _rate(source: Opened) -> Fraction:
    stream = source.stream
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= _FASTEST:
            return rate
    return Fraction(25)


def _audio(container: InputContainer) -> tuple[AudioFacts, ...]:
    facts = []
    for stream in container.streams.audio:
        context = stream.codec_context
        if context is None:
            continue
        if stream.duration is not None and stream.time_base:
            duration = int(stream.duration * stream.time_base * 1000)
        else:
            duration = (container.duration or 0) // 1000
        facts.append(AudioFacts(context.name, duration, context.sample_rate, context.channels))
    return tuple(facts)
