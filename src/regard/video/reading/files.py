"""Files as FFmpeg reads them: shared by several readers, or as they come through a pipe."""

from __future__ import annotations

import io
import os
import select
import stat
import threading
from pathlib import Path
from typing import BinaryIO, Protocol

from regard.video.reading.limits import VideoError, VideoTooLarge

_WAIT = 0.2  # s after which a reader that waits for a pipe sees that it was closed


class Cursor(Protocol):
    """What FFmpeg reads from: `read` gives as many bytes at most, b"" at the end. `failure`: what ended
    reading, which FFmpeg takes for the end. One that also has `seek` and `tell` can be read at any position.
    """

    failure: Exception | None

    def read(self, count: int) -> bytes: ...


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
        count = max(0, min(count, self.size - position))
        with self._lock:
            self._file.seek(position)
            return self._file.read(count)

    def end_at(self, position: int) -> None:
        """From now on, the file ends there."""
        self.size = min(position, self.size)

    def cursor(self) -> Cursor:
        """A reader of its own."""
        return _FileCursor(self)

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
    """A position in a shared file."""

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


class PipeCursor:
    """A binary file that can't be sought, as it comes, of `size` bytes at most. It stays the caller's."""

    def __init__(self, source: BinaryIO, size: int) -> None:
        self._source, self._size = getattr(source, "raw", source), size  # without a buffer of its own
        self._count = 0
        self._closed = False
        self.failure: Exception | None = None

    def read(self, count: int) -> bytes:
        try:
            data = self._next(count)
        except Exception as error:
            self.failure = error
            raise
        return data

    def close(self) -> None:
        """Ends a `read` that waits, in another thread, with the end of the file."""
        self._closed = True

    def _next(self, count: int) -> bytes:
        while not self._closed and not _is_ready(self._source):
            pass
        if self._closed:
            return b""
        data: bytes = self._source.read(count)
        self._count += len(data)
        if self._count > self._size:
            raise VideoTooLarge(f"The video has over {self._size} bytes, which is the most.")
        return data


def _is_ready(source: BinaryIO) -> bool:
    """Whether reading wouldn't wait, asked for a while; True where that can't be told."""
    try:
        return bool(select.select([source], [], [], _WAIT)[0])
    except (OSError, ValueError):
        return True
