"""What a live source gives, and what is known of it meanwhile."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from regard.video.live.picture import PictureI420
from regard.vision.geometry import Box


@dataclass(frozen=True, slots=True)
class LiveSample:
    """One picture of a live source."""

    at: int
    """ms by a clock of ours that only rises: for trackers. A jump of the sender's clock isn't seen in it."""
    arrived: float
    """When it arrived here, epoch s."""
    produced: float
    """When it was taken: epoch s by the sender's clock if that is within 10 s of ours, else by ours."""
    fragment: str
    """The group of pictures that it is in: Kinesis's fragment number, else the key picture's arrival, ms."""
    fragment_produced: float
    """As `produced`, of the fragment's beginning."""
    fragment_arrived: float
    """When the fragment's beginning arrived, epoch s; of Kinesis, when it arrived there."""
    offset: float
    """Seconds since the fragment's beginning: `produced` is `fragment_produced + offset`."""
    image: PictureI420
    moved: tuple[Box, ...] | None
    """Where it moved lately, px of the upright picture. None: all of it is to be examined."""
    is_still: bool
    """Nothing moved in the last 2 s, and it is less than 10 s since all of a picture was to be examined."""
    gap: bool
    """The source was away between this sample and the one before."""

    @property
    def width(self) -> int:
        """px, upright, as displayed."""
        return self.image.width

    @property
    def height(self) -> int:
        """px, upright, as displayed."""
        return self.image.height


class SourceWord(StrEnum):
    """CONNECTING: a first picture is waited for. PLAYING: pictures come. WAITING: until the next try. ENDED:
    a file without loop has ended. REFUSED: an address that may not be read, or can't be."""

    CONNECTING = "CONNECTING"
    PLAYING = "PLAYING"
    WAITING = "WAITING"
    ENDED = "ENDED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class SourceState:
    """A source at one moment. `codec`, `width`, `height` (px, upright) and `rate` (frames a second) are those
    of the last connection that had a picture, else None. `why`: what went wrong last, a few words in a
    sentence without URL, user or password; None while pictures come."""

    word: SourceWord
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    rate: float | None = None
    last_picture: float | None = None
    """When the last picture arrived, epoch s."""
    why: str | None = None
    next_try: float | None = None
    """Epoch s, while WAITING."""
    is_final: bool = False
    """Whether trying again can't mend it: nothing is tried any more."""


@dataclass(frozen=True, slots=True)
class MediaPosition:
    """Where in a Kinesis video stream to go on: behind a fragment, or from a moment by the sender's clock
    (epoch s). `maximum_behind`: s; where what is read is older, reading begins anew with what comes now; None
    reads all."""

    fragment: str | None = None
    produced: float | None = None
    maximum_behind: float | None = None


class SampleSource(Protocol):
    """Gives samples when asked; `LiveReader` is one."""

    def start(self) -> None:
        """Connects, in the background, and connects again for ever."""
        ...

    def ask(self, timeout: float) -> LiveSample | None:
        """The newest sample that is due and wasn't given yet; None where none came within `timeout` s. Of
        what comes in bursts (HLS, Kinesis), the oldest of the last 5 s."""
        ...

    @property
    def state(self) -> SourceState: ...

    @property
    def position(self) -> MediaPosition | None:
        """Behind the last fragment of which all samples were given; None before there is one, and where the
        source isn't Kinesis."""
        ...

    def close(self) -> None: ...
