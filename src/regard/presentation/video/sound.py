"""The sound of a video for another one: copied, or encoded anew where the new file can't hold it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard

from regard.presentation.video.fitting import Fitting, Not, PictureClock
from regard.video.reading.container import Opened, opened
from regard.video.reading.files import SharedFile
from regard.video.reading.limits import VideoLimits

_COPIED = {"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}  # that players take from an MP4
_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}  # of AAC, Hz
_USUAL = 48_000  # Hz
_SEARCHED = 64  # packets in which the next of a track is searched for


class Sound:
    """All tracks of a file."""

    def __init__(self, source: Opened, container: OutputContainer, origin: Fraction) -> None:
        self._said: list[str] = []
        self._container = container
        self._tracks: dict[int, _SoundTrack] = {}
        for stream in source.container.streams.audio:
            if stream.codec_context is None:
                self._said.append("A sound track that can't be decoded was left out.")
                continue
            track = _SoundTrack(stream, container, -origin)
            self._tracks[stream.index] = track
            if not track.is_copied:
                self._said.append(f"The sound was encoded anew: {stream.codec_context.name} isn't for MP4.")
        for other in source.container.streams:
            other.discard = Discard.default if other.index in self._tracks else Discard.all
        self._packets = self._read(source)
        self._waiting: deque[Packet[Any]] = deque()

    @property
    def outcome(self) -> str:
        """What became of it, for the person at the terminal; "" where there was none, or it is the same."""
        mended = any(track.fitting.was_mended for track in self._tracks.values())
        fitted = ["The clock of the sound jumps; it was fitted to the pictures."] if mended else []
        return " ".join(dict.fromkeys([*self._said, *fitted]))

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, limits: VideoLimits, container: OutputContainer, origin: Fraction | None
    ) -> Iterator[Sound]:
        """Adds the streams to `container`, before anything is written to it. `origin`: the time, s, in the
        source, that is 0 in the new file. Raises VideoError."""
        file = SharedFile(path)
        try:
            with opened(file.cursor(), limits) as source:
                yield cls(source, container, origin or Fraction(0))
        finally:
            file.close()

    def copy_until(self, pictures: PictureClock) -> None:
        """What is heard before the last picture's time; after the end of the pictures, the rest."""
        while self._is_waiting(1):
            packet = self._waiting.popleft()
            placed = self._place(packet, pictures)
            if placed is Not.YET:
                self._waiting.appendleft(packet)
                return
            if placed is not Not.AT_ALL:
                self._container.mux(self._tracks[packet.stream.index].take(packet))
        if pictures.time is None:
            for track in self._tracks.values():
                self._container.mux(track.finish())

    def _place(self, packet: Packet[Any], pictures: PictureClock) -> Not | None:
        """Gives a packet its time in the new video, or says why it isn't written."""
        unit, begin = packet.time_base, packet.pts
        if begin is None or packet.dts is None or not unit:
            return Not.AT_ALL
        track = self._tracks[packet.stream.index]
        length = (packet.duration or 0) * unit
        time = track.fitting.place(begin * unit, length, lambda: self._following(packet), pictures)
        if isinstance(time, Not):
            return time
        packet.pts = packet.dts = round(time / unit)
        return None

    def _following(self, packet: Packet[Any]) -> Fraction | None:
        """The time in the file, s, of the next packet of the same track, if it isn't far."""
        for place in range(_SEARCHED):
            if not self._is_waiting(place + 1):
                return None
            later = self._waiting[place]
            if later.stream.index == packet.stream.index and later.pts is not None and later.time_base:
                return later.pts * later.time_base
        return None

    def _is_waiting(self, count: int) -> bool:
        """Whether that many packets wait, once they were read."""
        self._waiting.extend(islice(self._packets, max(0, count - len(self._waiting))))
        return len(self._waiting) >= count

    def _read(self, source: Opened) -> Iterator[Packet[Any]]:
        """Packets of all tracks, as far as the file can be read."""
        if not self._tracks:
            return
        streams = [source.container.streams[index] for index in self._tracks]
        try:
            for packet in source.container.demux(*streams):
                if packet.size:
                    yield packet
        except (av.FFmpegError, ValueError):
            self._said.append("The sound is damaged, and ends early.")


class _SoundTrack:
    """One stream of sound. `is_copied`: it is not encoded anew."""

    def __init__(self, stream: AudioStream, container: OutputContainer, shift: Fraction) -> None:
        """`shift`: from times in the file to those of the new video, s."""
        context = stream.codec_context
        self.fitting = Fitting(shift)
        self.is_copied = context.codec.canonical_name in _COPIED
        self._decoder = context
        if self.is_copied:
            self._stream = container.add_stream_from_template(stream)
            return
        rate = context.sample_rate if context.sample_rate in _RATES else _USUAL
        layout = "mono" if context.channels == 1 else "stereo"
        self._stream = container.add_stream("aac", rate=rate, layout=layout)
        self._resampler = AudioResampler("fltp", layout, rate, 1024)

    def take(self, packet: Packet[Any]) -> list[Packet[Any]]:
        """What is to be written for a packet; one that can't be decoded is passed over."""
        if self.is_copied:
            packet.stream = self._stream
            return [packet]
        try:
            frames = self._decoder.decode(packet)
        except av.FFmpegError:
            return []
        return self._encoded(frames)

    def finish(self) -> list[Packet[Any]]:
        """What is left at the end."""
        if self.is_copied:
            return []
        written = self._encoded([*self._decoder.decode(None), None])
        return [*written, *self._stream.encode(None)]

    def _encoded(self, frames: Iterable[AudioFrame | None]) -> list[Packet[Any]]:
        parts = (part for frame in frames for part in self._resampler.resample(frame))
        return [packet for part in parts for packet in self._stream.encode(part)]
