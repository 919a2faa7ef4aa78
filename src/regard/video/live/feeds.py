"""Connections to live sources, opened: what they are made of, and their pictures as they come."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from av.video.frame import VideoFrame

from regard.video.live.clock import Stamp

Alive = Callable[[], None]


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """`codec` by FFmpeg's short name. `rate`: frames a second as the source states it; None where it doesn't.
    `aspect`: width of a pixel by its height; 0 where it isn't known. `bursts`: pictures come a segment at a
    time, or may wait until they are asked for."""

    codec: str
    rate: float | None
    aspect: float
    bursts: bool


class TimedPicture(NamedTuple):
    """A picture with its time. `decode` gives it, before the next one is asked for; None where it was damaged
    on its way. Where a picture can be decoded without those before it, that is done then and not before."""

    decode: Callable[[], VideoFrame | None]
    stamp: Stamp


class Feed(ABC):
    """One connection. `alive` is called whenever something came."""

    facts: FeedFacts

    @abstractmethod
    def pictures(self, alive: Alive) -> Iterator[TimedPicture]:
        """To the connection's end. Raises SourceFailed, and whatever FFmpeg raises."""

    @abstractmethod
    def close(self) -> None: ...


def decoded(frame: VideoFrame, stamp: Stamp) -> TimedPicture:
    """A picture that had to be decoded, wanted or not."""
    return TimedPicture(lambda: frame, stamp)


def stamped(media: float | None, *, sent: float | None = None, is_key: bool = False) -> Stamp:
    """The time of a picture that has just come."""
    return Stamp(media, time.time(), time.monotonic(), sent, is_key)
