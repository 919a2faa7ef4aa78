"""A stored video: what is in it, and its frames one after the other."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from av.video.frame import VideoFrame

from regard.video.reading.container import (
    Opened,
    Read,
    SharedFile,
    VideoError,
    VideoLimits,
    VideoTooLarge,
    opened,
)
from regard.video.reading.facts import (
    AudioFacts,
    VideoFacts,
    audio_facts,
    frame_rate,
    measured_duration,
    stated_duration,
)
from regard.video.reading.handover import Handover
from regard.video.reading.picture import Geometry, full_range
from regard.video.reading.timeline import Clock, EntryPoint, Numbered, Timeline, entries, shown_before
from regard.vision.image import Image
from regard.vision.pixels import Pixels

__all__ = ["AudioFacts", "Frame", "Video", "VideoError", "VideoFacts", "VideoLimits", "VideoTooLarge"]

_AHEAD_BYTES, _AHEAD_FRAMES = 64_000_000, 32  # decoded and waiting


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


@dataclass(frozen=True, slots=True)
class _Extent:
    """How long what was read is, ms: the pictures, and by the streams' index what is heard."""

    pictures: int
    sound: Mapping[int, int | None]


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
            _admit(source.stream.width, source.stream.height, limits)
            stated = stated_duration(source)
            duration = self._believed(stated)
            first = next((frame for _, frame in source.pictures()), None)
            if first is None:
                raise VideoError("No frame of the video can be decoded: it is damaged or incomplete.")
            rate = frame_rate(source)
            self._clock = Clock.of(source, first, rate, stated)
            self._geometry = Geometry(first, float(source.stream.sample_aspect_ratio or 0))
            width, height = self._geometry.width, self._geometry.height
            _admit(width, height, limits)
            codec, name = source.stream.codec_context.name, source.container.format.long_name
            colours = "FULL" if full_range(first) else "LIMITED"
            frame_bytes = max(1, sum(plane.buffer_size for plane in first.planes))
            self._ahead = max(2, min(_AHEAD_FRAMES, _AHEAD_BYTES // frame_bytes))
            self._sound = audio_facts(source)
        self.facts = VideoFacts(codec, name, duration, float(rate), width, height, colours)
        self.audio = tuple(self._sound.values())

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
        reading = Handover(lambda: self._decode(start), ahead=self._ahead, name="video-decoder")
        self._readings.add(reading)
        try:
            for one in reading:
                if isinstance(one, _Extent):
                    self._learn(one)
                else:
                    yield Frame(one.number, one.timestamp, one.decoded, self._geometry)
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

    def _believed(self, stated: int | None) -> int:
        """The duration (ms) that the file states; measured where it states none, or one that is refused,
        since time stamps that jump make it too long. Raises VideoTooLarge."""
        limit = self._limits.minutes * 60_000
        if stated is not None and stated <= limit:
            return stated
        with opened(self._file, self._limits) as source:
            duration = measured_duration(source, limit=limit)
        if duration > limit:
            raise VideoTooLarge(f"The video is longer than {self._limits.minutes} minutes.")
        return duration

    def _learn(self, extent: _Extent) -> None:
        self.facts = self.facts.after_reading(extent.pictures)
        self.audio = tuple(
            facts.after_reading(extent.sound[index]) if index in extent.sound else facts
            for index, facts in self._sound.items()
        )

    def _decode(self, start: int) -> Generator[Numbered | _Extent, None, None]:
        limit = self._limits.minutes * 60_000
        for one in self._placed(start):
            if isinstance(one, _Extent):
                yield one
                continue
            if one.timestamp > limit:
                raise VideoTooLarge(f"The video is longer than {self._limits.minutes} minutes.")
            if one.timestamp >= start:
                yield one

    def _placed(self, start: int) -> Generator[Numbered | _Extent, None, None]:
        """Frames from some place before `start`: a key picture if one can be found, else the beginning."""
        if start > 0:
            with self._opened() as source:
                found = entries(source, self._clock, start)
            if found and found[-1].before > 0:
                with self._opened(sound=True) as source:
                    placed = self._from(source, found)
                    if placed is not None:
                        yield from placed
                        return
        with self._opened(sound=True) as source:
            yield from self._numbered(source, source.pictures(), Timeline(self._clock, ahead=self._ahead))

    def _opened(self, *, sound: bool = False) -> AbstractContextManager[Opened]:
        return opened(self._file, self._limits, threads=self._threads, sound=sound)

    def _from(
        self, source: Opened, found: Sequence[EntryPoint]
    ) -> Generator[Numbered | _Extent, None, None] | None:
        """Frames from the last of these entries on, or from one before it if the demuxer or the decoder gets
        going there; None where they do at no entry, or where that has a time stamp that strays."""
        source.container.seek(found[-1].decoded, stream=source.stream)
        pictures = source.pictures()
        begun = list(islice(pictures, 2))
        shown = [decoded.pts for _, decoded in begun if decoded.pts is not None]
        before = shown_before(found, shown[0]) if shown and len(shown) == len(begun) else None
        if before is None or shown != sorted(set(shown)):
            return None
        timeline = Timeline(self._clock, ahead=self._ahead, before=before)
        return self._numbered(source, chain(begun, pictures), timeline)

    def _numbered(
        self, source: Opened, pictures: Iterable[tuple[list[Read], VideoFrame]], timeline: Timeline
    ) -> Generator[Numbered | _Extent, None, None]:
        """All frames, and when they were read to the end, how long that was."""
        for packets, decoded in pictures:
            timeline.read(packets)
            yield from timeline.add(decoded)
        yield from timeline.finish()
        yield _Extent(timeline.length, {index: one.length for index, one in source.sound.items()})


def _admit(width: int, height: int, limits: VideoLimits) -> None:
    if width * height > limits.pixels:
        raise VideoTooLarge(f"The video's frames are {width} × {height}; {limits.pixels} pixels is the most.")
