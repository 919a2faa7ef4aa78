"""Rates with their intervals as a drawing: one bar a group, on an axis in powers of ten."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from regard.evaluation.intervals import Rate
from regard.presentation.numbers import with_interval

_WIDTH, _LEFT, _RIGHT = 420, 12, 408
_ROW, _AXIS = 38, 26  # heights
_MAX_DECADES = 9  # of an axis
_MAX_LABELLED = 4  # decades; of more, every other one has a label


@dataclass(frozen=True, slots=True)
class GridLine:
    """A power of ten; `label` is empty where there is no room for one, `anchor` is SVG's text-anchor."""

    x: float
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class RateBar:
    """A group's rate at `x`, and its interval from `low` to `high`; all are None where it has none."""

    name: str
    value: str
    top: int
    x: float | None = None
    low: float | None = None
    high: float | None = None
    is_zero: bool = False


@dataclass(frozen=True, slots=True)
class RatePlot:
    """A drawing in units of its own, which is scaled to the width of the page, a telephone's too.

    `title` is for who can't see it.
    """

    caption: str
    title: str
    height: int
    bottom: int
    grid: tuple[GridLine, ...]
    bars: tuple[RateBar, ...]
    width: int = _WIDTH
    left: int = _LEFT
    right: int = _RIGHT


def rate_plot(
    caption: str, title: str, rates: Mapping[str, Rate | None], show: Callable[[float], str]
) -> RatePlot | None:
    """Groups below each other; `show` words a rate. None where no group has a rate.

    A rate of zero stands at the left edge.
    """
    known = [rate for rate in rates.values() if rate is not None]
    if not known:
        return None
    axis = _Axis.of(known)
    bottom = _ROW * len(rates)
    return RatePlot(
        caption=caption,
        title=title,
        height=bottom + _AXIS,
        bottom=bottom,
        grid=tuple(axis.grid(show)),
        bars=tuple(
            _bar(name, rate, row * _ROW, axis, show) for row, (name, rate) in enumerate(rates.items())
        ),
    )


@dataclass(frozen=True, slots=True)
class _Axis:
    """From 10 to the power of `low` to that of `high`."""

    low: int
    high: int

    @classmethod
    def of(cls, rates: list[Rate]) -> _Axis:
        """A lower bound of hardly anything does not make the axis longer."""
        largest = max(rate.high for rate in rates)
        smallest = min(
            (max(rate.low, rate.value / 10) for rate in rates if rate.value > 0), default=largest / 10
        )
        high = math.ceil(math.log10(largest) - 1e-9)
        low = math.floor(math.log10(smallest) + 1e-9)
        return cls(max(min(low, high - 1), high - _MAX_DECADES), high)

    def x(self, rate: float) -> float:
        place = (math.log10(max(rate, 10.0**self.low)) - self.low) / (self.high - self.low)
        return round(_LEFT + place * (_RIGHT - _LEFT), 1)

    def grid(self, show: Callable[[float], str]) -> Iterator[GridLine]:
        for power in range(self.low, self.high + 1):
            anchor = "start" if power == self.low else "end" if power == self.high else "middle"
            is_labelled = self.high - self.low <= _MAX_LABELLED or (power - self.low) % 2 == 0
            yield GridLine(self.x(10.0**power), _tick(show(10.0**power)) if is_labelled else "", anchor)


def _bar(name: str, rate: Rate | None, top: int, axis: _Axis, show: Callable[[float], str]) -> RateBar:
    if rate is None:
        return RateBar(name, "not enough pictures", top)
    low, high = axis.x(rate.low), axis.x(rate.high)
    return RateBar(name, with_interval(rate, show), top, axis.x(rate.value), low, high, rate.value == 0)


def _tick(text: str) -> str:
    """A power of ten without zeros behind the comma: 1 %, 0.01 %."""
    number, space, unit = text.partition(" ")
    return (number.rstrip("0").rstrip(".") if "." in number else number) + space + unit
