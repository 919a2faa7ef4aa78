"""What a video file says of itself, before anything in it is decoded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from regard.video.reading.container import Opened
from regard.video.reading.continuity import Continuity, Pauses, Stamped

_FASTEST = 1000  # frames a second that are believed
_USUAL = Fraction(25)  # frames a second, where a file says nothing
_AHEAD = 64  # packets that are examined where time stamps step
_NEAR = 250  # ms by which the length of sound that was read may differ from what the file states
_BARE = {"h264", "hevc", "mpegvideo", "m4v"}  # of which FFmpeg guesses the duration from the bit rate


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """`codec` by FFmpeg's short name, `container` by its long one ("QuickTime / MOV"); `frame_rate` in frames
    a second, the mean where it varies; `width` and `height` in px, upright, as displayed; `colour_range`
    "FULL" or "LIMITED"."""

    codec: str
    container: str
    frame_rate: float
    width: int
    height: int
    colour_range: str


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """One audio stream: `duration` in ms, as `FrameSource.duration`; `sample_rate` in Hz."""

    codec: str
    duration: int | None
    sample_rate: int
    channels: int

    def after_reading(self, duration: int | None) -> AudioFacts:
        """With the duration of what was read; None where nothing was."""
        read = duration or 0
        if self.duration is not None and abs(read - self.duration) <= _NEAR:
            return self
        return replace(self, duration=read)


def stated_duration(source: Opened) -> int | None:
    """Milliseconds as the file states them."""
    stream, container = source.stream, source.container
    if source.is_known_in_part:
        return None
    if stream.duration is not None and stream.duration > 0 and stream.time_base:
        return int(stream.duration * stream.time_base * 1000)
    is_bare = bool(_BARE & set(container.format.name.split(",")))
    if container.duration is not None and container.duration > 0 and not is_bare:
        return container.duration // 1000
    return None


def measured_duration(source: Opened, *, limit: int) -> int:
    """Milliseconds by the packets, of which none is decoded; what goes beyond `limit` isn't read."""
    stream, rate = source.stream, frame_rate(source)
    unit = stream.time_base or 1 / rate
    interval = max(1, round(1 / (rate * unit)))
    continuity = Continuity[None](Pauses(float(1 / unit), source.restarts), interval, ahead=_AHEAD)
    end = -interval
    for stamp in _decoding_times(source):
        end = max((placed.ticks for placed in continuity.add(Stamped(stamp, None))), default=end)
        if end * unit * 1000 > limit:
            break
    end = max((placed.ticks for placed in continuity.finish()), default=end)
    return int((end + interval) * unit * 1000)


def _decoding_times(source: Opened) -> Iterator[int | None]:
    """Of all packets in their order. Where the file has a list of them, they aren't read."""
    listed = source.stream.index_entries
    if len(listed) == source.stream.frames > 0:
        yield from (entry.timestamp for entry in listed)
        return
    for packet in source.packets():
        if packet is not None and packet.size:
            yield packet.pts if packet.dts is None else packet.dts


def frame_rate(source: Opened) -> Fraction:
    """Frames a second as the file has them on average."""
    stream = source.stream
    for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate):
        if rate is not None and 0 < rate <= _FASTEST:
            return rate
    return _USUAL


def audio_facts(source: Opened) -> dict[int, AudioFacts]:
    """Of the streams of sound that can be decoded, by index, in order."""
    container, facts = source.container, dict[int, AudioFacts]()
    duration: int | None
    for stream in container.streams.audio:
        context = stream.codec_context
        if context is None:
            continue
        if source.is_known_in_part:
            duration = None
        elif stream.duration is not None and stream.time_base:
            duration = int(stream.duration * stream.time_base * 1000)
        else:
            duration = None if container.duration is None else container.duration // 1000
        facts[stream.index] = AudioFacts(context.name, duration, context.sample_rate, context.channels)
    return facts
