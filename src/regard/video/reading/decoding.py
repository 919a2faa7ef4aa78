"""Sources whose frames FFmpeg decodes, in a thread of their own."""

from __future__ import annotations

import weakref
from abc import abstractmethod
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from av.video.frame import VideoFrame

from regard.video.reading.container import Opened, Read
from regard.video.reading.facts import AudioFacts, VideoFacts, audio_facts, frame_rate
from regard.video.reading.frame import Frame
from regard.video.reading.handover import Handover
from regard.video.reading.limits import VideoError, VideoLimits, VideoTooLarge
from regard.video.reading.picture import Geometry, full_range
from regard.video.reading.source import FrameSource
from regard.video.reading.timeline import Clock, Numbered, Timeline

_AHEAD_BYTES, _AHEAD_FRAMES = 64_000_000, 32  # decoded and waiting


@dataclass(frozen=True, slots=True)
class Extent:
    """How long what was read is, ms: the pictures, and by the streams' index what is heard."""

    pictures: int
    sound: Mapping[int, int | None]


@dataclass(frozen=True, slots=True)
class Basis:
    """What is known of a video once its first picture is: `ahead`, how many frames may be decoded before they
    are taken; `sound`, by the streams' index."""

    facts: VideoFacts
    sound: Mapping[int, AudioFacts]
    clock: Clock
    geometry: Geometry
    ahead: int

    @classmethod
    def of(cls, source: Opened, first: VideoFrame, limits: VideoLimits, stated: int | None) -> Basis:
        """`stated`: the duration, ms. Raises VideoTooLarge."""
        rate = frame_rate(source)
        geometry = Geometry(first, float(source.stream.sample_aspect_ratio or 0))
        admit(geometry.width, geometry.height, limits)
        facts = VideoFacts(
            source.stream.codec_context.name,
            source.container.format.long_name,
            float(rate),
            geometry.width,
            geometry.height,
            "FULL" if full_range(first) else "LIMITED",
        )
        frame_bytes = max(1, sum(plane.buffer_size for plane in first.planes))
        ahead = max(2, min(_AHEAD_FRAMES, _AHEAD_BYTES // frame_bytes))
        return cls(facts, audio_facts(source), Clock.of(source, first, rate, stated), geometry, ahead)


class DecodedSource(FrameSource):
    """Memory is bounded whatever the video's length: packets are read one by one, and few frames are decoded
    before they are taken."""

    def __init__(self, basis: Basis, limits: VideoLimits, duration: int | None) -> None:
        self._basis, self._limits = basis, limits
        self._duration = duration
        self.extent: Extent | None = None
        self._readings: weakref.WeakSet[Handover[Any]] = weakref.WeakSet()
        self._closed = False
        self.facts = basis.facts
        self.audio = tuple(basis.sound.values())

    @property
    def duration(self) -> int | None:
        return self._duration

    @property
    def pixel_aspect(self) -> float:
        """Width of a pixel by its height, as stored; 0 where the video doesn't say."""
        return self._basis.geometry.aspect

    def frames(self, *, start: int = 0) -> Iterator[Frame]:
        if self._closed:
            raise ValueError("the video is closed")
        reading = Handover(lambda: self._decode(start), ahead=self._basis.ahead, name="video-decoder")
        self._readings.add(reading)
        try:
            for one in reading:
                if isinstance(one, Extent):
                    self.learn(one)
                else:
                    yield Frame(one.number, one.timestamp, one.decoded, self._basis.geometry)
        finally:
            reading.close()

    def close(self) -> None:
        self._closed = True
        for reading in list(self._readings):
            reading.close()

    @abstractmethod
    def _read(self, start: int, /) -> Generator[Numbered | Extent, None, None]:
        """Frames from some place before `start`, ms, and how long all was, in the thread that decodes."""

    def _decode(self, start: int) -> Generator[Numbered | Extent, None, None]:
        limit = self._limits.minutes * 60_000
        for one in self._read(start):
            if isinstance(one, Extent):
                yield one
                continue
            if one.timestamp > limit:
                raise VideoTooLarge(f"The video is longer than {self._limits.minutes} minutes.")
            if one.timestamp >= start:
                yield one

    def _numbered(
        self, source: Opened, pictures: Iterable[tuple[list[Read], VideoFrame]], *, before: int = 0
    ) -> Generator[Numbered | Extent, None, None]:
        """All frames, and when they were read to the end, how long that was. `before`: how many are shown
        before the first."""
        timeline = Timeline(self._basis.clock, ahead=self._basis.ahead, before=before)
        for packets, decoded in pictures:
            timeline.read(packets)
            yield from timeline.add(decoded)
        yield from timeline.finish()
        yield Extent(timeline.length, {index: one.length for index, one in source.sound.items()})

    def learn(self, extent: Extent) -> None:
        """How long the video is, once it was read to its end, here or elsewhere."""
        self.extent = extent
        stated, near = self._duration, 1 + 1000 / self.facts.frame_rate
        if stated is None or abs(extent.pictures - stated) > near:  # else rounding is all they differ by
            self._duration = extent.pictures
        self.audio = tuple(
            facts.after_reading(extent.sound[index]) if index in extent.sound else facts
            for index, facts in self._basis.sound.items()
        )


def admit(width: int, height: int, limits: VideoLimits) -> None:
    """Raises VideoTooLarge for frames of too many pixels."""
    if width * height > limits.pixels:
        raise VideoTooLarge(f"The video's frames are {width} × {height}; {limits.pixels} pixels is the most.")


def first_picture(pictures: Iterable[tuple[list[Read], VideoFrame]]) -> tuple[list[Read], VideoFrame]:
    """The first of them, with the packets that were read for it. Raises VideoError where there is none."""
    for read, decoded in pictures:
        return read, decoded
    raise VideoError("No frame of the video can be decoded: it is damaged or incomplete.")
