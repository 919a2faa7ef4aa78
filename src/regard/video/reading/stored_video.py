"""A stored video: what is in it, and its frames from anywhere."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, Self

from regard.video.reading.boxes import whole_boxes
from regard.video.reading.container import Opened, opened
from regard.video.reading.decoding import Basis, DecodedSource, Extent, admit, first_picture
from regard.video.reading.facts import measured_duration, stated_duration
from regard.video.reading.files import SharedFile
from regard.video.reading.limits import VideoError, VideoLimits, VideoTooLarge
from regard.video.reading.timeline import EntryPoint, Numbered, entries, shown_before


class StoredVideo(DecodedSource):
    """A video in a file that can be read at any position, by several readers at once."""

    def __init__(self, file: SharedFile, limits: VideoLimits, threads: int) -> None:
        self._file, self._threads = file, threads
        if file.size > limits.size:
            raise VideoTooLarge(f"The video has {file.size} bytes; {limits.size} is the most.")
        with ExitStack() as stack:
            source = _entered(stack, file, limits, threads)
            # Before anything is decoded: a header may already say that it is too much.
            admit(source.stream.width, source.stream.height, limits)
            stated = stated_duration(source)
            duration = _believed(stated, file, limits)
            _, first = first_picture(source.pictures())
            super().__init__(Basis.of(source, first, limits, stated), limits, duration)

    @classmethod
    def open(cls, source: Path | BinaryIO, *, limits: VideoLimits | None = None, threads: int = 1) -> Self:
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

    @property
    def is_seekable(self) -> bool:
        return True

    def close(self) -> None:
        super().close()
        self._file.close()

    def _read(self, start: int, /) -> Generator[Numbered | Extent, None, None]:
        """From a key picture if one can be found, else from the beginning."""
        if start > 0:
            with self._opened() as source:
                found = entries(source, self._basis.clock, start)
            if found and found[-1].before > 0:
                with self._opened(sound=True) as source:
                    placed = self._from(source, found)
                    if placed is not None:
                        yield from placed
                        return
        with self._opened(sound=True) as source:
            yield from self._numbered(source, source.pictures())

    def _opened(self, *, sound: bool = False) -> AbstractContextManager[Opened]:
        return opened(self._file.cursor(), self._limits, threads=self._threads, sound=sound)

    def _from(
        self, source: Opened, found: Sequence[EntryPoint]
    ) -> Generator[Numbered | Extent, None, None] | None:
        """Frames from the last of these entries on, or from one before it if the demuxer or the decoder gets
        going there; None where they do at no entry, or where that has a time stamp that strays."""
        source.container.seek(found[-1].decoded, stream=source.stream)
        pictures = source.pictures()
        begun = list(islice(pictures, 2))
        shown = [decoded.pts for _, decoded in begun if decoded.pts is not None]
        before = shown_before(found, shown[0]) if shown and len(shown) == len(begun) else None
        if before is None or shown != sorted(set(shown)):
            return None
        return self._numbered(source, chain(begun, pictures), before=before)


def _entered(stack: ExitStack, file: SharedFile, limits: VideoLimits, threads: int) -> Opened:
    """The file, opened. Of a recording in fragments that was cut off within the table of the last one, which
    FFmpeg refuses, those before. Raises VideoError."""
    try:
        return stack.enter_context(opened(file.cursor(), limits, threads=threads))
    except VideoError:
        end = whole_boxes(file)
        if not 0 < end < file.size:
            raise
        file.end_at(end)
        return stack.enter_context(opened(file.cursor(), limits, threads=threads))


def _believed(stated: int | None, file: SharedFile, limits: VideoLimits) -> int:
    """The duration (ms) that the file states; measured where it states none, or one that is refused, since
    time stamps that jump make it too long. Raises VideoTooLarge."""
    limit = limits.minutes * 60_000
    if stated is not None and stated <= limit:
        return stated
    with opened(file.cursor(), limits) as source:
        duration = measured_duration(source, limit=limit)
    if duration > limit:
        raise VideoTooLarge(f"The video is longer than {limits.minutes} minutes.")
    return duration
