"""Kinesis Video streams: fragments as GetMedia sends them, decoded block by block as they come."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from regard.streams.kinesis_video import KinesisVideo, MediaRefused, MediaStart
from regard.video.live.clock import Fragment, Stamp
from regard.video.live.ebml import (
    DocumentBegun,
    EbmlError,
    EbmlReader,
    MediaBlock,
    MediaEvent,
    MediaTag,
    VideoTrack,
)
from regard.video.live.failures import FailureCause, SourceFailed
from regard.video.live.feeds import Alive, Feed, FeedFacts, TimedPicture, decoded
from regard.video.live.samples import MediaPosition
from regard.video.reading.limits import VideoLimits

_CODECS = {
    "V_MPEG4/ISO/AVC": "h264",
    "V_MPEGH/ISO/HEVC": "hevc",
    "V_MJPEG": "mjpeg",
    "V_VP8": "vp8",
    "V_VP9": "vp9",
    "V_AV1": "av1",
}
_PREFIX = "AWS_KINESISVIDEO_"
_GONE = "4000"  # the error of a fragment to begin behind that isn't there any more
_TRUSTED = 10.0  # s by which the producer's clock may differ from Kinesis's
_SECOND = 1000  # ms
_REMEMBERED = 16  # fragments of which a picture may still come
_PIXELS = {"max_pixels": str(2 * VideoLimits().pixels)}


class _PositionLost(Exception):
    """Where to go on is too far behind, or there no more: what comes now is next."""


class KinesisFeed(Feed):
    """One connection, and a second one where the position to go on from is lost."""

    def __init__(
        self, video: KinesisVideo, arn: str, resume: MediaPosition | None, *, shown_until: float = 0.0
    ) -> None:
        """`shown_until`: epoch s; pictures that were taken up to then have been given. Waits for the first
        fragment. Raises SourceFailed."""
        self._video, self._arn = video, arn
        self._shown_until = shown_until
        self._fragments = _Fragments(None if resume is None else resume.maximum_behind)
        self._decoder: VideoCodecContext | None = None
        self._track: VideoTrack | None = None
        start = MediaStart() if resume is None else MediaStart(resume.fragment, resume.produced)
        try:
            self._first = self._opened_at(start)
        except _PositionLost:
            self._first = self._opened_now()
        self.facts = FeedFacts(_codec(self._first), None, 0.0, bursts=True)

    def pictures(self, alive: Alive) -> Iterator[TimedPicture]:
        try:
            yield from self._pictures(alive)
        except _PositionLost:
            self._first = self._opened_now()
            yield from self._pictures(alive)

    def close(self) -> None:
        """Its connection ends with the process."""

    def _pictures(self, alive: Alive) -> Iterator[TimedPicture]:
        self._begin(self._first)
        for event in self._events:
            alive()
            if isinstance(event, VideoTrack):
                self._begin(event)
            elif isinstance(event, MediaBlock):
                taken = self._fragments.taken(event.time)
                if self._track is not None and event.track == self._track.number:
                    yield from self._decoded(event.data, taken)
            else:
                self._fragments.learn(event)
        yield from self._decoded(None, 0.0)

    def _opened_now(self) -> VideoTrack:
        self._fragments = _Fragments(None)
        return self._opened_at(MediaStart())

    def _opened_at(self, start: MediaStart) -> VideoTrack:
        """The first description of a track of pictures. Raises SourceFailed and _PositionLost."""
        self._events = self._received(start)
        for event in self._events:
            if isinstance(event, VideoTrack):
                return event
            if not isinstance(event, MediaBlock):
                self._fragments.learn(event)
        raise SourceFailed("Nothing is sent to the stream.")

    def _received(self, start: MediaStart) -> Iterator[MediaEvent]:
        reader = EbmlReader()
        try:
            for data in self._video.media(self._arn, start):
                yield from reader.feed(data)
        except MediaRefused as refused:
            cause = FailureCause.FINAL if refused.is_final else FailureCause.LOST
            raise SourceFailed(str(refused), cause) from None
        except EbmlError:
            raise SourceFailed("What it sends is no video that can be read.") from None

    def _begin(self, track: VideoTrack) -> None:
        """The decoder lasts from fragment to fragment, as long as they are described alike."""
        if track != self._track:
            self._track = track
            self._decoder = cast(VideoCodecContext, av.CodecContext.create(_codec(track), "r"))
            self._decoder.extradata = track.private or None
            self._decoder.options = _PIXELS
            self._decoder.thread_count = 1

    def _decoded(self, data: bytes | None, taken: float) -> Iterator[TimedPicture]:
        """Pictures of one packet; of those that are left where it is None. `taken`: epoch s."""
        if self._decoder is None:
            return
        packet = None
        if data is not None:
            packet = Packet(data)
            packet.time_base = Fraction(1, _SECOND)
            packet.pts = round(taken * _SECOND)
        try:
            frames: list[VideoFrame] = self._decoder.decode(packet)
        except av.error.InvalidDataError:
            return  # a picture that was damaged on its way
        for frame in frames:
            media = taken if frame.pts is None else frame.pts / _SECOND
            fragment = self._fragments.of(media)
            if fragment is not None and media > self._shown_until and not frame.is_corrupt:
                yield decoded(
                    frame, Stamp(media, time.time(), time.monotonic(), None, bool(frame.key_frame), fragment)
                )


class _Fragments:
    """What Kinesis says of each fragment, by the tags before its blocks and behind them."""

    def __init__(self, maximum_behind: float | None) -> None:
        """`maximum_behind`: s that the first fragment may be old; None for any."""
        self._maximum_behind = maximum_behind
        self._tags: dict[str, str] = {}
        self._recent: deque[Fragment] = deque(maxlen=_REMEMBERED)
        self._begun = False
        self._first = 0.0  # ms of the fragment's first block

    def learn(self, event: DocumentBegun | MediaTag) -> None:
        """Raises SourceFailed for an error that Kinesis tells, and _PositionLost."""
        if isinstance(event, DocumentBegun):
            self._tags, self._begun = {}, False
            return
        name = event.name.removeprefix(_PREFIX)
        self._tags[name] = event.text
        if name == "ERROR_CODE":
            if event.text == _GONE:
                raise _PositionLost
            raise SourceFailed(f"Kinesis Video ended with error {_digits(event.text)}.")

    def taken(self, time: float) -> float:
        """When a block of the fragment was taken, epoch s, by its time in the document, ms."""
        if not self._begun:
            self._begun, self._first = True, time
            self._recent.append(self._described())
        return self._recent[-1].produced + (time - self._first) / _SECOND

    def of(self, taken: float) -> Fragment | None:
        """The fragment that a picture is in, which may come out of the decoder later than others went in."""
        return next((one for one in reversed(self._recent) if one.produced <= taken + 0.001), None)

    def _described(self) -> Fragment:
        arrived = _seconds(self._tags.get("SERVER_TIMESTAMP", ""), time.time())
        produced = _seconds(self._tags.get("PRODUCER_TIMESTAMP", ""), arrived)
        if abs(produced - arrived) > _TRUSTED:
            produced = arrived
        limit, self._maximum_behind = self._maximum_behind, None
        if limit is not None and time.time() - arrived > limit:
            raise _PositionLost
        number = _digits(self._tags.get("FRAGMENT_NUMBER", "")) or str(int(arrived * _SECOND))
        return Fragment(number, produced, arrived)


def _codec(track: VideoTrack) -> str:
    """Raises SourceFailed."""
    if track.codec not in _CODECS:
        raise SourceFailed("Its codec can't be decoded here.", FailureCause.FINAL)
    return _CODECS[track.codec]


def _digits(text: str) -> str:
    return text if text.isascii() and text.isdigit() and len(text) <= 128 else ""


def _seconds(text: str, otherwise: float) -> float:
    """Epoch s."""
    try:
        value = float(text)
    except ValueError:
        return otherwise
    return value if 0 < value < 1e11 else otherwise
