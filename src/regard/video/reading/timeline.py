"""Numbers and times of frames: the same whether a video is read from its beginning or from the middle."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from av.video.frame import VideoFrame

from regard.video.reading.container import Opened, Read
from regard.video.reading.continuity import Continuity, Pauses, Placed, Stamped

# Where a packet is one picture, so that pictures can be counted without decoding them.
_COUNTED_FORMATS = {"mov", "matroska"}
_COUNTED_CODECS = {"h264", "hevc", "av1", "vp9", "mpeg4", "mjpeg", "prores", "dnxhd"}
_RECENT = 64  # packets and frames that are remembered


@dataclass(frozen=True, slots=True)
class Clock:
    """How a stream counts time: its first frame's timestamp (None where it has none), its unit in seconds,
    frames a second, whether each of its packets is one picture, whether it may begin anew in the file, and
    when it ends as the file states it (in units from the first frame, None where it doesn't)."""

    first: int | None
    unit: Fraction
    rate: Fraction
    counted: bool
    restarts: bool
    end: int | None

    @classmethod
    def of(cls, opened: Opened, first: VideoFrame, rate: Fraction, duration: int | None) -> Clock:
        """`duration`: what the file states, ms."""
        stream = opened.stream
        counted = (
            first.pts is not None
            and not first.interlaced_frame  # its fields may be packets of their own
            and bool(_COUNTED_FORMATS & set(opened.container.format.name.split(",")))
            and stream.codec_context.name in _COUNTED_CODECS
        )
        unit = stream.time_base or 1 / rate
        end = None if duration is None else int(duration / (1000 * unit))
        return cls(first.pts, unit, rate, counted, opened.restarts, end)

    def milliseconds(self, ticks: int) -> int:
        """From the first frame, rounded down."""
        return ticks * 1000 * self.unit.numerator // self.unit.denominator

    @property
    def frame(self) -> int:
        """Ticks from one frame to the next, at least one."""
        return max(1, round(1 / (self.rate * self.unit)))


@dataclass(frozen=True, slots=True)
class Numbered:
    """A decoded frame with its number, from 0, and its time from the first frame, ms."""

    number: int
    timestamp: int
    decoded: VideoFrame


class Timeline:
    """Numbers frames, and times them, as they are decoded.

    Where packets are counted, a frame's number is how many pictures are shown before it, so that a picture
    that can't be decoded leaves a gap. Elsewhere it is how many frames were decoded before it. Times are
    those of the file as far as they rise (`Continuity`).
    """

    def __init__(self, clock: Clock, *, ahead: int, before: int = 0) -> None:
        """`ahead`: frames that may be held back; `before`: pictures shown before the first that is read."""
        pauses = Pauses(float(1 / clock.unit), clock.restarts, clock.end)
        self._clock = clock
        self._continuity = Continuity[VideoFrame](pauses, clock.frame, ahead=ahead, begins=clock.first)
        self._waiting: list[int] = []  # time stamps of packets of which there is no frame yet, in order
        self._read: deque[Read] = deque(maxlen=_RECENT)
        self._shown: deque[int] = deque(maxlen=_RECENT)
        self._number = before - 1
        self._latest: int | None = None  # time stamp of the last frame that is where its time stamp says
        self._end = 0

    @property
    def length(self) -> int:
        """From the video's first frame to the end of the last one that was placed, ms."""
        return self._clock.milliseconds(self._end)

    def read(self, packets: Iterable[Read]) -> None:
        """Packets that will be pictures were read."""
        for packet in packets:
            if packet.timestamp is None or packet.is_discard:
                continue
            if self._clock.counted:
                insort(self._waiting, packet.timestamp)
            self._read.append(packet)

    def add(self, decoded: VideoFrame) -> Iterator[Numbered]:
        """The frames that are placed for good now that this one, the next, is known."""
        timestamp, heard = decoded.pts, 0.0
        if timestamp is not None:
            if self._clock.counted and not self._claim(timestamp):
                return
            if self._clock.restarts:
                known = (packet.heard for packet in reversed(self._read) if packet.timestamp == timestamp)
                heard = next(known, 0.0)
        for placed in self._continuity.add(Stamped(timestamp, decoded, heard)):
            yield self._numbered(placed)

    def finish(self) -> Iterator[Numbered]:
        """Those that are left when there are no more."""
        for placed in self._continuity.finish():
            yield self._numbered(placed)

    def _claim(self, timestamp: int) -> bool:
        """Whether a frame with that time stamp is another one than those before."""
        at = bisect_left(self._waiting, timestamp)
        if at < len(self._waiting) and self._waiting[at] == timestamp:
            del self._waiting[at]
        elif timestamp in self._shown:
            return False
        self._shown.append(timestamp)
        return True

    def _numbered(self, placed: Placed[VideoFrame]) -> Numbered:
        timestamp, duration = placed.item.pts, placed.item.duration
        if placed.on_clock and timestamp is not None:
            if self._latest is not None:
                missing = slice(
                    bisect_right(self._waiting, self._latest), bisect_left(self._waiting, timestamp)
                )
                self._number += max(0, missing.stop - missing.start)
                del self._waiting[missing]
            self._latest = timestamp
        self._number += 1
        self._end = placed.ticks + (duration if duration > 0 else self._continuity.usual)
        return Numbered(self._number, self._clock.milliseconds(placed.ticks), placed.item)


@dataclass(slots=True)
class EntryPoint:
    """A picture from which decoding can begin: its time stamp, that of its decoding, how many pictures are
    shown before it, and the time stamps of those among them that are decoded after it."""

    shown: int
    decoded: int
    before: int
    leading: list[int] = field(default_factory=list)


def entries(opened: Opened, clock: Clock, start: int) -> list[EntryPoint]:
    """The pictures up to `start` (ms) from which decoding can begin, where the time stamps of everything that
    is decoded before are earlier.

    Reads packets and decodes none. Empty where packets can't be counted.
    """
    first = clock.first
    if not clock.counted or first is None:
        return []
    found: list[EntryPoint] = []
    latest: int | None = None
    floor: int | None = None  # the latest time stamp before the last entry
    count = 0
    for packet in opened.packets():
        if packet is None or not packet.size or packet.is_discard:
            continue
        if packet.pts is None or packet.dts is None:
            return []
        if clock.milliseconds(packet.dts - first) > start:
            break
        if packet.pts < first and (latest is None or latest <= first):
            continue  # of before the first frame, and never shown
        is_stated = clock.end is None or packet.pts - first <= clock.end
        if packet.is_keyframe and is_stated and (latest is None or packet.pts > latest):
            if clock.milliseconds(packet.pts - first) <= start:
                found.append(EntryPoint(packet.pts, packet.dts, count))
                floor = latest
        elif found and packet.pts < found[-1].shown and (floor is None or packet.pts > floor):
            found[-1].before += 1
            found[-1].leading.append(packet.pts)
        count += 1
        latest = packet.pts if latest is None else max(latest, packet.pts)
    return found


def shown_before(found: Sequence[EntryPoint], timestamp: int | None) -> int | None:
    """How many pictures are shown before a frame with which decoding began; None where it is none of these
    entries, nor a picture that is shown before one of them though it is decoded after."""
    for entry in reversed(found):
        if timestamp == entry.shown:
            return entry.before
        if timestamp is not None and timestamp in entry.leading:
            return entry.before - sum(one >= timestamp for one in entry.leading)
    return None
