"""Where frames come from: the interface of stored videos, of pipes, and of whatever else has frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Self

from regard.video.reading.facts import AudioFacts, VideoFacts
from regard.video.reading.frame import Frame


class FrameSource(ABC):
    """Frames of one video, in order, from its beginning to its end, if it has one. A context manager.

    What it is made of is known before its frames are read; how long it is may not be.
    """

    facts: VideoFacts
    audio: tuple[AudioFacts, ...]

    @property
    @abstractmethod
    def duration(self) -> int | None:
        """ms, as far as it is known: as the video states it until its frames were read to the end, then of
        what was read. None where nobody knows."""

    @property
    @abstractmethod
    def is_seekable(self) -> bool:
        """Whether frames can be read from any time on, and more than once. Those of another source can be
        read once, and what comes before `start` is passed over."""

    @abstractmethod
    def frames(self, *, start: int = 0) -> Iterator[Frame]:
        """Every frame from the first whose timestamp is at least `start` (ms), with the number and timestamp
        that it has when the video is read from its beginning.

        Numbers and timestamps rise. What can't be decoded is left out. A reader that stops early closes the
        iterator. Raises VideoTooLarge where the video turns out to be over a limit, what reading raises, and
        ValueError when the source is closed or can't be read again.
        """

    @abstractmethod
    def close(self) -> None:
        """Ends every reading that is under way, in whichever thread; their iterators end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
