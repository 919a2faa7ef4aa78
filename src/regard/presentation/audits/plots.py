"""Rates with their intervals as a drawing: one row a group, on an axis in powers of ten. Plain SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape

from regard.evaluation.intervals import Rate
from regard.presentation.numbers import with_interval

# In the drawing's own units; it is scaled to the width of the page, a telephone's too.
_WIDTH, _LEFT, _RIGHT = 420, 12, 12
_ROW, _AXIS = 38, 26
_DECADES = 9  # an axis is never longer


def rate_plot(title: str, rates: Mapping[str, Rate | None], show: Callable[[float], str]) -> str:
    """Groups below each other; `show` words a rate. An open circle at the left edge is a rate of zero."""
    known = {name: rate for name, rate in rates.items() if rate is not None}
    if not known:
        return ""
    low, high = _range(known)
    height = _ROW * len(rates) + _AXIS

    def x(rate: float) -> float:
        place = (math.log10(max(rate, 10.0**low)) - low) / (high - low)
        return _LEFT + place * (_WIDTH - _LEFT - _RIGHT)

    drawn = [_grid(low, high, x, height - _AXIS, show)]
    for row, (name, rate) in enumerate(rates.items()):
        drawn.append(_row(name, rate, row * _ROW, x, show))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">'
        + "".join(drawn)
        + "</svg>"
    )


def _range(rates: Mapping[str, Rate]) -> tuple[int, int]:
    """The powers of ten at both ends. A lower bound of hardly anything does not make the axis longer."""
    most = max(rate.high for rate in rates.values())
    least = min(
        (max(rate.low, rate.value / 10) for rate in rates.values() if rate.value > 0), default=most / 10
    )
    high = math.ceil(math.log10(most) - 1e-9)
    low = math.floor(math.log10(least) + 1e-9)
    return max(min(low, high - 1), high - _DECADES), high


def _grid(
    low: int, high: int, x: Callable[[float], float], bottom: float, show: Callable[[float], str]
) -> str:
    drawn = []
    for power in range(low, high + 1):
        at = x(10.0**power)
        anchor = "start" if power == low else "end" if power == high else "middle"
        drawn.append(f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="0" y2="{bottom}"/>')
        if high - low <= 4 or (power - low) % 2 == 0:
            drawn.append(
                f'<text class="tick" x="{at:.1f}" y="{bottom + 17}" text-anchor="{anchor}">'
                f"{_tick(show(10.0**power))}</text>"
            )
    return "".join(drawn)


def _tick(text: str) -> str:
    """A power of ten without zeros behind the comma: 1 %, 0.01 %."""
    number, space, unit = text.partition(" ")
    return (number.rstrip("0").rstrip(".") if "." in number else number) + space + unit


def _row(
    name: str, rate: Rate | None, top: float, x: Callable[[float], float], show: Callable[[float], str]
) -> str:
    label = f'<text class="name" x="{_LEFT}" y="{top + 15}">{escape(name)}</text>'
    if rate is None:
        return label + _value("not enough pictures", top)
    middle = top + 27
    dot = "zero" if rate.value == 0 else "rate"
    return (
        label
        + _value(with_interval(rate, show), top)
        + f'<line class="bar" x1="{x(rate.low):.1f}" x2="{x(rate.high):.1f}" y1="{middle}" y2="{middle}"/>'
        + f'<circle class="{dot}" cx="{x(rate.value):.1f}" cy="{middle}" r="4.5"/>'
    )


def _value(text: str, top: float) -> str:
    return f'<text class="value" x="{_WIDTH - _RIGHT}" y="{top + 15}" text-anchor="end">{escape(text)}</text>'
