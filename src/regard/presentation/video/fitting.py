"""When sound is heard beside pictures whose times were mended: the clock of both may jump, or that of one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

_CLOSE = Fraction(1, 2)  # s; sound this near to the end of what was heard goes on from there
_SAME = Fraction(1, 100)  # s by which two shifts differ that are one; times of pictures are rounded
_EARLY = 1  # s by which sound may begin before the last of an earlier recording has ended
_PATIENCE = 5  # s for which pictures are waited for, whose clock may jump as that of the sound does


@dataclass(frozen=True, slots=True)
class PictureClock:
    """How far the pictures are, in s of the new video: the `time` of the last one, None after the end;
    `shift`, its time less the one that it has in the file; `length`, how long they are."""

    time: Fraction | None
    shift: Fraction
    length: Fraction


class Not(Enum):
    """Why a packet isn't written."""

    YET = "yet"
    AT_ALL = "at all"


class Fitting:
    """One stream of sound. As long as its time stamps go on, they hold. Where they jump, it is fitted to the
    pictures if those jump as well; else it pauses, if the pictures go on until then, or it goes on where it
    ended. A packet that strays from sound that goes on is left out. `was_mended`: whether any of that was
    needed."""

    def __init__(self, shift: Fraction) -> None:
        """`shift`: from times in the file to those of the new video, s."""
        self.was_mended = False
        self._shift = shift
        self._begun: Fraction | None = None  # times of the last packet
        self._end: Fraction | None = None
        self._waiting: Fraction | None = None  # since when

    def place(
        self,
        begin: Fraction,
        length: Fraction,
        following: Callable[[], Fraction | None],
        pictures: PictureClock,
    ) -> Fraction | Not:
        """When a packet is heard in the new video, s; not before the pictures are there. `begin` is its time
        in the file, `following` that of the next one, None where there is none."""
        end, time = self._end, begin + self._shift
        if end is None or abs(time - end) <= _CLOSE:
            return self._placed(time, length, pictures)
        later = following()
        if later is not None and abs(later + self._shift - end) <= _CLOSE:
            self.was_mended = True
            return Not.AT_ALL
        until = pictures.length if pictures.time is None else pictures.time
        if end - _EARLY <= begin + pictures.shift <= until + _EARLY:
            return self._moved(pictures.shift, begin, length, pictures)
        if pictures.time is None:
            return self._moved(end - begin, begin, length, pictures)
        if end < time <= pictures.length:
            return self._placed(time, length, pictures)
        if self._waiting is None:
            self._waiting = pictures.time
        if pictures.time - self._waiting < _PATIENCE:
            return Not.YET
        return self._moved(end - begin, begin, length, pictures)

    def _moved(
        self, shift: Fraction, begin: Fraction, length: Fraction, pictures: PictureClock
    ) -> Fraction | Not:
        if abs(shift - self._shift) > _SAME:
            self.was_mended = True
            self._shift = shift
        return self._placed(begin + self._shift, length, pictures)

    def _placed(self, time: Fraction, length: Fraction, pictures: PictureClock) -> Fraction | Not:
        if pictures.time is not None and time > pictures.time:
            return Not.YET
        self._waiting = None
        if self._begun is not None and time <= self._begun:
            return Not.AT_ALL  # of before what was heard last
        self._begun, self._end = time, time + length
        return time
