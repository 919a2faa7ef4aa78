"""The time of live pictures: a clock that only rises, whatever the sender's does, and groups of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

_JUMP = 2.0  # s that a time stamp may be further from the last one than our own clock before it has jumped
_DRIFT, _BURST_DRIFT = 10.0, 30.0  # s that all may be away from our clock, and in bursts of a whole segment
_TRUSTED = 10.0  # s by which the sender's clock may differ from ours
_GROUP = 1.0  # s that a group of pictures lasts; a camera whose pictures are all key pictures has none


@dataclass(frozen=True, slots=True)
class Fragment:
    """A group of pictures: its name, when it was taken and when it arrived, epoch s."""

    number: str
    produced: float
    arrived: float


@dataclass(frozen=True, slots=True)
class Moment:
    """`at`: ms, rises. `offset`: s since the fragment's beginning. `arrived`: epoch s."""

    at: int
    fragment: Fragment
    offset: float
    arrived: float

    @property
    def produced(self) -> float:
        return self.fragment.produced + self.offset


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is known of a picture's time. `media`: s by its time stamp, None where it has none. `arrived`:
    epoch s; `steady`: s by the machine's monotonic clock. `sent`: epoch s by the sender's clock, None where
    it doesn't say. `is_key`: whether a group of pictures begins with it. `fragment`: the one that the source
    says it is in, None where the source has none; `media` is then epoch s, by its clock."""

    media: float | None
    arrived: float
    steady: float
    sent: float | None = None
    is_key: bool = False
    fragment: Fragment | None = None


class LiveClock:
    """Turns time stamps into moments. They may be missing, go back, or jump by years: a moment is then when
    the picture arrived, and pictures go on from there by their time stamps."""

    def __init__(self, *, bursts: bool, begins_after: int = 0, is_recorded: bool = False) -> None:
        """`bursts`: pictures arrive a segment at a time. `begins_after`: ms, the last moment of the same
        source by another clock. `is_recorded`: they may come faster than they were taken, and their time
        stamps tell pauses."""
        self._drift = inf if is_recorded else _BURST_DRIFT if bursts else _DRIFT
        self._jump = inf if is_recorded else _JUMP
        self._last = begins_after / 1000
        self._shift: float | None = None
        self._before: Stamp | None = None
        self._fragment: Fragment | None = None
        self._fragment_at = 0.0

    def place(self, stamp: Stamp) -> Moment:
        """The moment of the next picture."""
        jumped = self._follow(stamp)
        at = stamp.steady if stamp.media is None or self._shift is None else stamp.media + self._shift
        at = self._last = max(at, self._last + 0.001)
        self._before = stamp
        fragment = self._group(stamp, at, jumped=jumped)
        offset = at - self._fragment_at
        if (
            stamp.fragment is not None and stamp.media is not None
        ):  # whose first pictures may not have been given
            offset = max(0.0, stamp.media - fragment.produced)
        return Moment(round(at * 1000), fragment, offset, stamp.arrived)

    def _follow(self, stamp: Stamp) -> bool:
        """Sets how far time stamps are from our clock, where that isn't known or has changed. True where they
        have jumped."""
        if stamp.media is None:
            self._shift = None
            return False
        if self._shift is None or self._before is None or self._before.media is None:
            self._anchor(stamp.media, stamp.steady)
            return False
        step, elapsed = stamp.media - self._before.media, stamp.steady - self._before.steady
        is_away = abs(stamp.media + self._shift - stamp.steady) > self._drift
        if step < 0 or step > elapsed + self._jump or is_away:
            self._anchor(stamp.media, stamp.steady)
        return step < -_JUMP or step > elapsed + self._jump or is_away

    def _anchor(self, media: float, steady: float) -> None:
        self._shift = max(steady, self._last + 0.001) - media

    def _group(self, stamp: Stamp, at: float, *, jumped: bool) -> Fragment:
        known, given = self._fragment, stamp.fragment
        if given is not None:
            is_new = known is None or known.number != given.number
        else:
            is_new = jumped or known is None or (stamp.is_key and at - self._fragment_at >= _GROUP)
        if is_new or known is None:
            sent, arrived = stamp.sent, stamp.arrived
            trusted = sent is not None and abs(sent - arrived) <= _TRUSTED
            produced = sent if trusted and sent is not None else arrived
            known = given or Fragment(str(int(arrived * 1000)), produced, arrived)
            self._fragment, self._fragment_at = known, at
        return known
