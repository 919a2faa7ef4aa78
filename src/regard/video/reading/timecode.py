"""SMPTE timecodes (ST 12-1): how long a video has run, counted in its frames."""

from __future__ import annotations

from math import floor

_NTSC = 1000 / 1001  # how much slower than their names 29.97 and 59.94 are
_NEAR = 3e-4  # in parts: 29.97 is taken for 30000/1001


def drops_frames(frame_rate: float) -> bool:
    """Whether timecodes at that rate leave numbers out to keep up with the clock: 29.97 and 59.94."""
    nominal = _nominal(frame_rate)
    return nominal in (30, 60) and abs(frame_rate / (nominal * _NTSC) - 1) < _NEAR


def timecode(frame_number: int, frame_rate: float) -> str:
    """HH:MM:SS:FF of a frame, or of a duration in frames; HH:MM:SS;FF where numbers are dropped.

    At 29.97 frames a second the numbers 0 and 1 are left out at the start of each minute that isn't a tenth
    one, at 59.94 the numbers 0 to 3 (ST 12-1, 5.2). Every other rate, 23.976 among them, counts to the whole
    number nearest to it, and drops nothing. Hours go on from 00 after 23.
    """
    if frame_number < 0:
        raise ValueError("a frame's number is not negative")
    nominal, drops = _nominal(frame_rate), drops_frames(frame_rate)
    if drops:
        dropped = nominal // 15
        tens, rest = divmod(frame_number, 600 * nominal - 9 * dropped)
        # In a ten-minute span, the first minute is whole; each of the others is short by what is dropped.
        minutes = max(0, rest - dropped) // (60 * nominal - dropped)
        frame_number += dropped * (9 * tens + minutes)
    seconds, frames = divmod(frame_number, nominal)
    mark = ";" if drops else ":"
    return f"{seconds // 3600 % 24:02}:{seconds // 60 % 60:02}:{seconds % 60:02}{mark}{frames:02}"


def _nominal(frame_rate: float) -> int:
    return max(1, floor(frame_rate + 0.5))
