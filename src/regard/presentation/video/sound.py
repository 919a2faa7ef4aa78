"""The sound of a video for another one: copied, or encoded anew where the new file can't hold it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Discard

from regard.video.container import Opened, SharedFile, VideoLimits, opened

_COPIED = {"aac", "mp3", "ac3", "eac3", "opus", "flac", "alac"}  # that players take from an MP4
_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000}  # of AAC, Hz
_USUAL = 48_000  # Hz


class Sound:
    """`outcome`: what became of it, for the person at the terminal; "" where there was none, or it is the
    same."""

    def __init__(self, source: Opened, container: OutputContainer, origin: Fraction) -> None:
        self.outcome = ""
        self._container, self._origin = container, origin
        self._tracks: dict[int, _Track] = {}
        for stream in source.container.streams.audio:
            if stream.codec_context is None:
                self.outcome = "A sound track that can't be decoded was left out."
                continue
            track = _Track(stream, container)
            self._tracks[stream.index] = track
            if not track.is_copied:
                self.outcome = f"The sound was encoded anew: {stream.codec_context.name} isn't for MP4."
        for other in source.container.streams:
            other.discard = Discard.default if other.index in self._tracks else Discard.all
        self._packets = self._read(source)
        self._waiting: Packet[Any] | None = None

    @classmethod
    @contextmanager
    def open(
        cls, path: Path, limits: VideoLimits, container: OutputContainer, origin: Fraction | None
    ) -> Iterator[Sound]:
        """Adds the streams to `container`, before anything is written to it. `origin`: the time, s, in the
        source, that is 0 in the new file. Raises VideoError."""
        file = SharedFile(path)
        try:
            with opened(file, limits) as source:
                yield cls(source, container, origin or Fraction(0))
        finally:
            file.close()

    def copy_until(self, seconds: float | None) -> None:
        """What is heard before that time of the new file; None for the rest."""
        while True:
            packet = self._waiting or next(self._packets, None)
            self._waiting = None
            if packet is None:
                break
            if packet.pts is None or packet.dts is None or not packet.time_base:
                continue
            if seconds is not None and packet.pts * packet.time_base - self._origin > seconds:
                self._waiting = packet
                return
            shift = round(self._origin / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            self._container.mux(self._tracks[packet.stream.index].take(packet))
        if seconds is None:
            for track in self._tracks.values():
                self._container.mux(track.finish())

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
            self.outcome = "The sound is damaged, and ends early."


class _Track:
    """One stream of sound. `is_copied`: it is not encoded anew."""

    def __init__(self, stream: AudioStream, container: OutputContainer) -> None:
        context = stream.codec_context
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
