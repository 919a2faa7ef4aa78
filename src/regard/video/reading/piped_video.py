"""A video that comes through a pipe: it is read once, as it comes."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import ExitStack
from itertools import chain
from typing import BinaryIO, Self

from regard.video.reading.container import opened
from regard.video.reading.decoding import Basis, DecodedSource, Extent, admit, first_picture
from regard.video.reading.facts import stated_duration
from regard.video.reading.files import PipeCursor
from regard.video.reading.frame import Frame
from regard.video.reading.limits import VideoError, VideoLimits, VideoTooLarge
from regard.video.reading.timeline import Numbered

_AS_A_FILE = "An MP4 whose index comes last can't be read as it comes: give the file itself."


class PipedVideo(DecodedSource):
    """A video in a binary file that can't be sought: MPEG-TS, Matroska and others, MP4 where its index comes
    first or it is in fragments."""

    def __init__(self, cursor: PipeCursor, limits: VideoLimits, threads: int) -> None:
        self._cursor, self._stack = cursor, ExitStack()
        self._was_read = False
        with ExitStack() as stack:
            source = stack.enter_context(opened(cursor, limits, threads=threads, sound=True))
            admit(source.stream.width, source.stream.height, limits)
            stated = stated_duration(source)
            pictures = source.pictures()
            first = first_picture(pictures)
            super().__init__(Basis.of(source, first[1], limits, stated), limits, stated)
            self._source, self._pictures = source, chain([first], pictures)
            self._stack = stack.pop_all()

    @classmethod
    def open(cls, source: BinaryIO, *, limits: VideoLimits | None = None, threads: int = 1) -> Self:
        """The video in a binary file, which stays the caller's, from where it stands.

        `threads`: that decode. Raises VideoError for what is no video that can be read as it comes, has no
        frame that can be decoded or, as VideoTooLarge, is over the limits; and what reading `source` raises.
        """
        limits = limits or VideoLimits()
        try:
            return cls(PipeCursor(source, limits.size), limits, threads)
        except VideoTooLarge:
            raise
        except VideoError as error:
            raise VideoError(f"{error} {_AS_A_FILE}") from error

    @property
    def is_seekable(self) -> bool:
        return False

    def frames(self, *, start: int = 0) -> Iterator[Frame]:
        if self._was_read:
            raise ValueError("what comes through a pipe is read once")
        self._was_read = True
        return super().frames(start=start)

    def close(self) -> None:
        self._cursor.close()
        super().close()
        self._stack.close()

    def _read(self, _start: int, /) -> Generator[Numbered | Extent, None, None]:
        yield from self._numbered(self._source, self._pictures)
