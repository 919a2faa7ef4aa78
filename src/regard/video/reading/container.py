"""Opening a video with FFmpeg, with nothing reached but what is read from and limits kept before work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, cast

import av
from av.container import Flags as ContainerFlags
from av.container import InputContainer
from av.format import Flags
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from regard.video.reading.files import Cursor
from regard.video.reading.hearing import Hearing
from regard.video.reading.limits import VideoError, VideoLimits

# Demuxers that read one file and nothing else. Playlists (hls, concat, dash, sdp), pictures by pattern
# (image2) and everything that names further files are not among them.
_FORMATS = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,h264,hevc,mpegvideo,m4v,ivf"
_BUFFER = 1 << 18  # bytes read at a time
_UNSEEN = 3000  # packets without a picture before a stream is given up


def _refused(*_: object) -> NoReturn:
    raise PermissionError("a video may not open other files")


class Read(NamedTuple):
    """A packet of pictures that was read; `heard`: seconds of sound that were read before it."""

    timestamp: int | None
    is_discard: bool
    heard: float


@dataclass(frozen=True, slots=True)
class Opened:
    """A video file that FFmpeg has opened, the stream in it that is shown, and by index what is heard."""

    container: InputContainer
    stream: VideoStream
    sound: Mapping[int, Hearing]
    _cursor: Cursor

    @property
    def restarts(self) -> bool:
        """Whether in this format the clock may begin anew within a file."""
        return may_restart(self.container)

    @property
    def is_known_in_part(self) -> bool:
        """Whether more fragments of an MP4 may come than those from which its durations are."""
        fragmented = "mov" in self.container.format.name.split(",") and self.stream.frames == 0
        return fragmented and not hasattr(self._cursor, "seek")

    def packets(self) -> Iterator[Any]:
        """The stream's packets in decoding order, ending with an empty one. Damage ends them early.

        Raises what the file raised when it couldn't be read.
        """
        index = self.stream.index
        streams = [self.stream, *(self.container.streams[index] for index in self.sound)]
        try:
            for packet in self.container.demux(*streams):
                if packet.stream_index == index:
                    yield packet
                elif packet.size:
                    self.sound[packet.stream_index].add(packet.pts, packet.duration or 0)
        except (av.FFmpegError, ValueError):
            self._unless_unread()
            yield None
        else:
            self._unless_unread()

    def pictures(self) -> Iterator[tuple[list[Read], VideoFrame]]:
        """Decoded frames in the order of presentation, each with the packets that were read for it since the
        last one. Packets that can't be decoded are passed over."""
        read: list[Read] = []
        for packet in self.packets():
            if packet is not None and packet.size:
                heard = max([one.heard for one in self.sound.values()], default=0.0)
                read.append(Read(packet.pts, packet.is_discard, heard))
            try:
                frames = self.stream.codec_context.decode(packet)
            except av.FFmpegError:
                continue
            for frame in frames:
                yield read, frame
                read = []
            if len(read) > _UNSEEN:
                return

    def _unless_unread(self) -> None:
        if self._cursor.failure is not None:
            raise self._cursor.failure


def may_restart(container: InputContainer) -> bool:
    """Whether the clock of such a file may begin anew within it, as MPEG's streams and Ogg let it."""
    return bool(container.format.flags & cast(int, Flags.ts_discont.value))


@contextmanager
def opened(cursor: Cursor, limits: VideoLimits, *, threads: int = 1, sound: bool = False) -> Iterator[Opened]:
    """What `cursor` reads as a container with a video stream; `threads` decode it. `sound`: what is heard is
    measured as the stream's packets are read.

    Raises VideoError when FFmpeg finds no container or no video stream in it.
    """
    options = {"max_pixels": str(2 * limits.pixels)}  # before memory is taken; padding is not yet cut off
    try:
        container = av.open(
            cursor,
            mode="r",
            options=options,
            container_options={"format_whitelist": _FORMATS, "protocol_whitelist": "none"},
            metadata_errors="replace",
            buffer_size=_BUFFER,
            io_open=_refused,
        )
    except Exception as error:  # demuxers raise whatever damaged bytes lead them to
        if cursor.failure is not None:
            raise cursor.failure from None
        raise VideoError(
            "The file is no video that can be read: it is damaged, incomplete or of another format."
        ) from error
    with container:
        container.flags &= ~cast(int, ContainerFlags.gen_pts.value)  # would keep packets in memory
        stream = _shown(container)
        heard = _heard(container) if sound else {}
        for other in container.streams:
            if other.index != stream.index and other.index not in heard:
                other.discard = Discard.all
        stream.codec_context.thread_count = threads
        stream.codec_context.options = options
        yield Opened(container, stream, heard, cursor)


def _heard(container: InputContainer) -> dict[int, Hearing]:
    restarts = may_restart(container)
    return {
        stream.index: Hearing(stream.start_time, stream.time_base, restarts=restarts)
        for stream in container.streams.audio
        if stream.codec_context is not None and stream.time_base
    }


def _shown(container: InputContainer) -> VideoStream:
    streams = [
        stream
        for stream in container.streams.video
        if stream.codec_context is not None and not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        raise VideoError("The file has no video stream that can be decoded.")
    best = container.streams.best("video")
    return next((stream for stream in streams if stream is best), streams[0])
