"""Opening a video with FFmpeg, with nothing reached but the file itself and limits kept before work."""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn, cast

import av
from av.container import Flags as ContainerFlags
from av.container import InputContainer
from av.format import Flags
from av.stream import Discard, Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from regard.video.reading.hearing import Hearing

# Demuxers that read one file and nothing else. Playlists (hls, concat, dash, sdp), pictures by pattern
# (image2) and everything that names further files are not among them.
_FORMATS = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg,mxf,h264,hevc,mpegvideo,m4v,ivf"
_BUFFER = 1 << 18  # bytes read at a time
_UNSEEN = 3000  # packets without a picture before a stream is given up


class VideoError(ValueError):
    """The video can't be used; the message is one sentence for the caller."""


class VideoTooLarge(VideoError):
    """The file, its duration or its frames are over the limit."""


@dataclass(frozen=True, slots=True)
class VideoLimits:
    """`size` in bytes, `minutes` of duration, `pixels` of a frame as displayed."""

    size: int = 10 * 1024**3
    minutes: int = 6 * 60
    pixels: int = 8192 * 4320


class SharedFile:
    """A seekable binary file that several readers read, each from a position of its own."""

    def __init__(self, source: Path | BinaryIO) -> None:
        """Raises VideoError when `source` is no regular file or can't be read at any position."""
        self._owned = isinstance(source, Path)
        self._lock = threading.Lock()
        if isinstance(source, Path):
            self._file = _opened(source)
        elif source.seekable():
            self._file = source
        else:
            raise VideoError("The video can't be read at any position: give a seekable file.")
        self.size = self._file.seek(0, io.SEEK_END)

    def read_at(self, position: int, count: int) -> bytes:
        with self._lock:
            self._file.seek(position)
            return self._file.read(count)

    def close(self) -> None:
        """Closes the file if it was opened here."""
        if self._owned:
            with self._lock:
                self._file.close()


def _opened(path: Path) -> BinaryIO:
    try:
        # Not to wait for ever for the writer of a named pipe.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise VideoError(f"The video can't be opened: {error.strerror}.") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise VideoError("The video is no regular file.")
    return os.fdopen(descriptor, "rb", buffering=0)


class _FileCursor:
    """What FFmpeg sees of a file. It keeps the error that ended reading, which FFmpeg takes for the end."""

    def __init__(self, file: SharedFile) -> None:
        self._file = file
        self._at = 0
        self.failure: Exception | None = None

    def read(self, count: int) -> bytes:
        try:
            data = self._file.read_at(self._at, count)
        except Exception as error:
            self.failure = error
            raise
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        if start + offset < 0:
            raise OSError("before the file's beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at


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
    _reader: _FileCursor

    @property
    def restarts(self) -> bool:
        """Whether in this format the clock may begin anew within a file."""
        return may_restart(self.container)

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
                heard = max((float(one.heard) for one in self.sound.values()), default=0.0)
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
        if self._reader.failure is not None:
            raise self._reader.failure


def may_restart(container: InputContainer) -> bool:
    """Whether the clock of such a file may begin anew within it, as MPEG's streams and Ogg let it."""
    return bool(container.format.flags & cast(int, Flags.ts_discont.value))


@contextmanager
def opened(
    file: SharedFile, limits: VideoLimits, *, threads: int = 1, sound: bool = False
) -> Iterator[Opened]:
    """The file as a container with a video stream, `threads` of which decode. `sound`: what is heard is
    measured as the stream's packets are read.

    Raises VideoError when FFmpeg finds no container or no video stream in it.
    """
    reader = _FileCursor(file)
    options = {"max_pixels": str(2 * limits.pixels)}  # before memory is taken; padding is not yet cut off
    try:
        container = av.open(
            reader,
            mode="r",
            options=options,
            container_options={"format_whitelist": _FORMATS, "protocol_whitelist": "none"},
            metadata_errors="replace",
            buffer_size=_BUFFER,
            io_open=_refused,
        )
    except Exception as error:  # demuxers raise whatever damaged bytes lead them to
        if reader.failure is not None:
            raise reader.failure from None
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
        yield Opened(container, stream, heard, reader)


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
