"""Patterns of one frame from which technical cues are told: colour bars, a plain background."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from regard.vision.pixels import Pixels

_BAND = (0.08, 0.55)  # of the height: the bars of every pattern reach that far down
_EDGE = 24  # grey levels between neighbouring bars
_MIN_BRIGHT = 90  # of a bar's brightest channel
_NARROWEST, _UNEVEN = 1 / 20, 1.8  # of the width; the widest bar by the narrowest
_BARS = [
    "110",
    "011",
    "010",
    "101",
    "100",
    "001",
]  # yellow, cyan, green, magenta, red, blue: SMPTE, EBU, ARIB
_NEAR = 30  # grey levels; what differs less from the background belongs to it
_RIM = 0.85  # of the border that is background; credits roll in over it
_BORDER = 0.06  # of the shorter side


def colour_bars(thumbnail: Pixels) -> float:
    """How surely the frame shows colour bars (SMPTE EG 1, ITU-R BT.471, ARIB STD-B28), 0 to 1; 0 for none.

    Six upright stripes of even width, the same from top to bottom, in the order in which all patterns have
    them. The measure is how pure their colours are, less how much they vary downwards.
    """
    height, width = thumbnail.shape[:2]
    band = thumbnail[int(_BAND[0] * height) : max(2, int(_BAND[1] * height))]
    colours = cv2.reduce(band, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32F)[0] / len(band)
    ends = np.flatnonzero(np.abs(np.diff(colours, axis=0)).max(1) > _EDGE)
    spans = [
        (begin, upto)
        for begin, upto in pairwise([0, *(ends + 1).tolist(), width])
        if upto - begin >= max(2, _NARROWEST * width)
    ]
    if len(spans) < len(_BARS):  # so it is with nearly every picture
        return 0.0
    inner = [slice(begin + (upto - begin > 3), upto - (upto - begin > 3)) for begin, upto in spans]
    bars = [_bar(colours[columns].mean(0)) for columns in inner]
    names = [name for name, _ in bars]
    for at in range(len(names) - len(_BARS) + 1):
        six = slice(at, at + len(_BARS))
        if names[six] == _BARS:
            lengths = [upto - begin for begin, upto in spans[six]]
            if max(lengths) > _UNEVEN * min(lengths) + 2:
                return 0.0
            uneven = band.astype(np.float32).std(0).max(1)
            noise = np.mean([uneven[columns].mean() for columns in inner[six]])
            return float(np.clip(np.mean([purity for _, purity in bars[six]]) - noise / 40, 0, 1))
    return 0.0


def _bar(colour: np.ndarray) -> tuple[str, float]:
    """Which channels are on in a bar's colour, and how far apart those are from the others, 0 to 1."""
    brightest = float(colour.max())
    if brightest < _MIN_BRIGHT:
        return "000", 0.0
    on = colour > 0.6 * brightest
    off = colour[~on]
    if len(off) == 0 or off.max() > 0.4 * brightest:
        return "grey" if len(off) == 0 else "mixed", 0.0
    return "".join("1" if channel else "0" for channel in on), float(
        (colour[on].min() - off.max()) / brightest
    )


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A background of one colour and what stands before it: `share` of the frame that is background, 0 where
    there is none; the box of the rest (left, top, right, bottom) in parts of the frame."""

    share: float
    box: tuple[float, float, float, float]


def backdrop(thumbnail: Pixels) -> Backdrop:
    height, width = thumbnail.shape[:2]
    thick = max(1, round(_BORDER * min(height, width)))
    sides = (
        *(thumbnail[:thick], thumbnail[height - thick :]),
        *(thumbnail[thick : height - thick, :thick], thumbnail[thick : height - thick, width - thick :]),
    )
    border = np.concatenate([side.reshape(-1, 3) for side in sides])
    middle = (len(border) - 1) // 2, len(border) // 2
    colour = np.partition(np.ascontiguousarray(border.T), middle)[:, middle].mean(1)  # the median
    lowest, highest = tuple(np.ceil(colour - _NEAR).tolist()), tuple(np.floor(colour + _NEAR).tolist())
    if cv2.countNonZero(cv2.inRange(border[None], lowest, highest)) < _RIM * len(border):
        return Backdrop(0.0, (0.0, 0.0, 1.0, 1.0))
    near = cv2.inRange(thumbnail, lowest, highest)
    left, top, across, down = cv2.boundingRect(cv2.bitwise_not(near))
    if across == 0:
        return Backdrop(1.0, (0.5, 0.5, 0.5, 0.5))
    box = left / width, top / height, (left + across) / width, (top + down) / height
    return Backdrop(cv2.countNonZero(near) / near.size, box)
