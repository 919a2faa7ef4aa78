"""Patterns of one frame from which technical cues are told: colour bars, a plain background."""

from __future__ import annotations

from dataclasses import dataclass

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
    band = thumbnail[int(_BAND[0] * height) : max(2, int(_BAND[1] * height))].astype(np.float32)
    colours, uneven = band.mean(0), band.std(0).max(1)
    steps = np.abs(np.diff(colours, axis=0)).max(1) > _EDGE
    bars: list[tuple[str, int, float, float]] = []
    begin = 0
    for at in [*np.flatnonzero(steps).tolist(), width - 1]:
        length = at + 1 - begin
        if length >= max(2, _NARROWEST * width):
            inner = slice(begin + (length > 3), at + 1 - (length > 3))
            name, purity = _bar(colours[inner].mean(0))
            bars.append((name, length, purity, float(uneven[inner].mean())))
        begin = at + 1
    names = [bar[0] for bar in bars]
    for at in range(len(names) - len(_BARS) + 1):
        if names[at : at + len(_BARS)] == _BARS:
            six = bars[at : at + len(_BARS)]
            lengths = [bar[1] for bar in six]
            if max(lengths) > _UNEVEN * min(lengths) + 2:
                return 0.0
            pure, noise = np.mean([bar[2] for bar in six]), np.mean([bar[3] for bar in six])
            return float(np.clip(pure - noise / 40, 0, 1))
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
    rim = np.ones((height, width), bool)
    rim[thick : height - thick, thick : width - thick] = False
    border = thumbnail[rim]
    colour = np.median(border, axis=0)
    near = np.abs(thumbnail - colour).max(2) <= _NEAR
    if near[rim].mean() < _RIM:
        return Backdrop(0.0, (0.0, 0.0, 1.0, 1.0))
    rows, columns = np.flatnonzero(~near.all(1)), np.flatnonzero(~near.all(0))
    if len(rows) == 0:
        return Backdrop(1.0, (0.5, 0.5, 0.5, 0.5))
    box = columns[0] / width, rows[0] / height, (columns[-1] + 1) / width, (rows[-1] + 1) / height
    return Backdrop(float(near.mean()), box)
